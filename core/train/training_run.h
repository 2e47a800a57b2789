// Whole runs: from a recipe to a run folder, and from a run folder to its figures again.
#pragma once

#include "command/library_commands.h"
#include "model/assembly.h"

namespace braid::train {

// Trains and writes the run folder: request.json, recipe.toml (as given), resolved.toml, lock.json, fields/,
// metrics.jsonl, timing.jsonl, checkpoints/, weights.safetensors, result.json. A folder that holds an earlier run is
// renamed to OUT.1, OUT.2, ... first. Several seeds: one run each in OUT/seed-N, their mean and spread in OUT. Problems
// of the recipe go to standard error. Returns the exit code; exit_stopped when a signal ended it and it can go on.
int train_command(const command::Train& asked, const model::RuntimeServices& services);

// Goes on with the run folder `asked.resume` after its newest intact checkpoint; ends with the same bits as a run that
// was never stopped. Throws Error [run-changed] listing what differs from the run as it was started, unless changes are
// allowed.
int resume_command(const command::Train& asked, const model::RuntimeServices& services);

// Evaluates a run folder's weights again, on all of its splits or those named, and prints the figures as result.json
// has them. The resolved recipe's data must still be where it was.
int eval_command(const command::Eval& asked, const model::RuntimeServices& services);

}  // namespace braid::train
