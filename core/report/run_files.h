// A run folder as its files tell it; for reports and comparisons. No LibTorch.
#pragma once

#include <braid/diagnostic.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace braid::report {

using Json = nlohmann::json;

// Values over steps, in the order of the steps; what was not finite is not there.
struct Series {
  std::vector<double> x, y;
  void add(double step, double value) { x.push_back(step), y.push_back(value); }
};

// What metrics.jsonl and timing.jsonl tell.
struct History {
  std::map<std::string, Series> losses;          // by node
  std::map<std::string, Series> valid;           // by metric
  Series gradient_norm, rows_per_second;         // the second at each line of timing.jsonl
  std::vector<std::int64_t> epoch_starts;        // steps at which an epoch began, the first one too
  std::map<std::string, double> last_valid;      // metrics of the last validation
  std::int64_t last_step = -1, valid_step = -1;  // -1: none
};

struct RunFiles {
  std::string folder;  // as given
  std::string name;    // its last part
  bool finished = false;
  Json result = Json::object();  // result.json; empty when there is none
  Json lock = Json::object();    // lock.json
  std::string recipe, resolved;  // the texts
  History history;
  std::vector<RunFiles> seeds;  // of a run of several seeds: OUT/seed-N in the order of N; the other texts are empty
  // Whether more of a metric is better: 1 yes, -1 no, 0 when the run does not say.
  int better(const std::string& metric) const;
};

// Throws Failure: no such folder, no run folder, JSON that breaks before a file's last line.
RunFiles read_run(const std::string& folder);

// The text of a file; empty when there is none.
std::string file_text(const std::string& file);

// Removes what processes that were killed left half-written in a run's or a sweep's folder: files *.part. The caller
// holds the folder's lock.
void remove_unfinished(const std::string& folder);

// Spread of a figure over seeds: mean and sample standard deviation (0 for one value).
struct Spread {
  double mean = 0, deviation = 0;
};
Spread spread_of(const std::vector<double>& values);

}  // namespace braid::report
