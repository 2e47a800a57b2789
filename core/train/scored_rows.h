// What a run's metrics compare, row by row.
#pragma once

#include "command/library_commands.h"
#include "model/assembly.h"

namespace braid::train {

// Writes the rows of the one split asked for as tab-separated text, "row group label score" after a first line of these
// names, in the order of the rows' keys, in which metrics see them: the row's key, what [eval] group, label and score
// wire to it. Rows without a label are left out. Numbers read back as the same. Throws Error [bootstrap] where [eval]
// lacks one of them, or the score is not one number a row.
int scored_rows_command(const command::Eval& asked, const model::RuntimeServices& services);

}  // namespace braid::train
