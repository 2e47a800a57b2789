// What runs have in common and what not: figures, recipes, locks.
#pragma once

#include "report/run_files.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::tools {

// A figure of a run: a value, and over several seeds its sample standard deviation.
struct Figure {
  double value = 0;
  std::optional<double> spread;
};

// What a run cost: the name shown, its key in result.json, places after the point.
struct Cost {
  const char *name, *key;
  int places;
};
inline constexpr Cost costs[] = {{"rows/s", "samples_per_second", 0},
                                 {"parameters", "parameters", 0},
                                 {"train seconds", "train_seconds", 1},
                                 {"waiting share", "waiting_share", 4},
                                 {"steps", "steps", 0},
                                 {"chosen step", "best_step", 0},
                                 {"peak MiB", "peak_mib", 0}};

// One column: a run, a folder of several seeds, or runs of one recipe taken together.
struct Column {
  std::string letter;  // "A"; of runs taken together "A C"
  std::string folder;  // as given; empty: runs taken together
  std::string about;   // "seed 1", "3 seeds: 1, 2, 3", "unfinished: ..."
  bool finished = false;
  std::vector<std::int64_t> seeds;
  // By "test", "test/cold": split, or split and slice; then by metric. `rows` is one of them.
  std::map<std::string, std::map<std::string, Figure>> figures;
  std::map<std::string, Figure> costs;  // "rows/s", "parameters", ...
  std::map<std::string, std::string> recipe, lock;
  std::map<std::string, int> better;  // by metric: 1 more is better, -1 less
};

struct Comparison {
  std::vector<Column> columns;  // the runs in the order given, then runs taken together
  std::size_t runs = 0;         // how many of them are runs
};

// Throws Failure.
Comparison compare_runs(const std::vector<std::string>& folders);

// The columns among the runs that have a metric's best value; none when fewer than two have one, all are equal, or
// no run says which way is better.
std::vector<std::size_t> best_of(const Comparison& comparison, const std::string& part, const std::string& metric);

// Keys whose values are not the same in all runs; a key that a run lacks has no value there.
using Differences = std::vector<std::pair<std::string, std::vector<std::optional<std::string>>>>;
Differences differences(const Comparison& comparison, std::map<std::string, std::string> Column::*which);

std::string comparison_text(const Comparison& comparison, std::size_t width = 110);
report::Json comparison_json(const Comparison& comparison);

}  // namespace braid::tools
