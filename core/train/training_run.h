// Whole runs: from a recipe to a run folder, and from a run folder to its figures again.
#pragma once

#include "model/assembly.h"

#include <string>
#include <vector>

namespace braid::train {

struct TrainRequest {
  std::string recipe, out;
  std::vector<std::string> sets;     // "a.b.c=value"
  std::vector<std::uint64_t> seeds;  // several: one run each in OUT/seed-N, and their mean and spread in OUT
  std::vector<std::string> splits;   // evaluated at the end; empty: as the recipe says
};

// Trains and writes the run folder: request.json, recipe.toml (as given), resolved.toml, lock.json, fields/,
// metrics.jsonl, timing.jsonl, checkpoints/, weights.safetensors, result.json. A folder that holds an earlier run is
// renamed to OUT.1, OUT.2, ... first. Problems of the recipe go to standard error. Returns the exit code; exit_stopped
// when a signal ended it and it can go on.
int train_command(const TrainRequest& request, const model::RuntimeServices& services);

struct ResumeRequest {
  std::string run, recipe;        // `recipe`: empty: the one that the run was started with
  std::vector<std::string> sets;  // further ones
  bool allow_changes = false;     // of recipe, plugins, data, versions
};

// Goes on with a run folder after its newest intact checkpoint; ends with the same bits as a run that was never
// stopped. Throws Error [run-changed] listing what differs from the run as it was started, unless changes are allowed.
int resume_command(const ResumeRequest& request, const model::RuntimeServices& services);

// Evaluates a run folder's weights again, on all of its splits or those named, and prints the figures as result.json
// has them. The resolved recipe's data must still be where it was.
int eval_command(const std::string& run, const std::vector<std::string>& splits, const std::vector<std::string>& sets,
                 bool json, const model::RuntimeServices& services);

}  // namespace braid::train
