// `braid export`: from a run folder to a folder that answers requests, or to one table's vectors for other tools.
#pragma once

#include "command/library_commands.h"
#include "model/assembly.h"

namespace braid::serve {

// Returns the exit code; problems of the recipe go to standard error. Throws Error.
int export_command(const command::Export& request, const model::RuntimeServices& services);

}  // namespace braid::serve
