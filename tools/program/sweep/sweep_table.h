// What a sweep's runs showed on validation: a row for each point, the best first.
#pragma once

#include "report/run_files.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid::tools {

// t of which a variable with Student's distribution of `freedom` >= 1 degrees lies within ±t in 95 of 100 cases.
double student_95(std::size_t freedom);

struct SweepRun {
  std::uint64_t seed = 0;
  report::Json result;  // its result.json; no object when it failed
  std::string failed;   // why
};

struct SweepTrial {
  std::size_t number = 0;                                // from 1
  std::string folder;                                    // inside the sweep's: "trial-1"
  std::vector<std::pair<std::string, std::string>> set;  // key and value, as --over has them
  std::vector<SweepRun> runs;                            // in the order of --seeds
};

// A figure of one split of a result.json: "auc", or "cold/auc" of a slice. Nothing where it is not defined.
std::optional<double> sweep_figure(const report::Json& result, const std::string& split, const std::string& by);

// table.json: points that have the figure `by` from all seeds, best first (of equal ones the first trial), then the
// others; "best" is null when there is none. Only the split `valid` is read.
report::Json sweep_table(const std::vector<SweepTrial>& trials, const std::string& by);

// The mean of every figure that all results have, and of several under "spread" mean and sample deviation.
report::Json sweep_means(const std::vector<report::Json>& results);

// The table for people; with the figures of `result` (result.json; no object: not there yet).
std::string sweep_text(const report::Json& table, const report::Json& result);

}  // namespace braid::tools
