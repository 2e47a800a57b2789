// The program's commands that need plugins opened and no recipe. Return the program's exit code; throw Error and Fault.
#pragma once

#include "command/library_commands.h"

namespace braid::host {

// `card FILE --out CARD` makes one plugin's card; `card --beside FILE...` writes FILE.card.json for each.
int card_command(const command::Card& asked);

// What LibTorch says of itself, as one line of JSON on stdout, for `braid doctor` in the program.
int about_torch_command(int asked_threads);

}  // namespace braid::host
