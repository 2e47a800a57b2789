// What a sweep was asked for, and whether all of its points can be trained.
#pragma once

#include "recipe/check/check.h"
#include "report/run_files.h"
#include "sweep_points.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::cards {
class Store;
}

namespace braid::tools {

// What was asked for; DIR/sweep.json, with its points.
struct AskedSweep {
  std::string recipe, from;  // absolute; `from`: the working folder, from which paths in `sets` are seen
  std::vector<std::string> sets;
  std::vector<SweepAxis> axes;
  std::vector<SweepPoint> points;
  std::vector<std::uint64_t> seeds;
  std::string by;
  int threads = 0;
  std::map<std::string, std::string> plugins;  // digests, by name

  std::vector<std::string> sets_of(std::size_t point) const {
    auto out = sets;
    for (std::size_t k = 0; k < axes.size(); ++k) out.push_back(axes[k].key + "=" + points[point][k]);
    return out;
  }
  std::string settings(std::size_t point) const { return settings_text(axes, points[point]); }

  report::Json json() const;
  static AskedSweep read(const std::string& folder);  // throws Failure
};

// What the checker told of the points.
struct SweepPlans {
  std::vector<std::vector<std::string>> others;  // splits that the recipe evaluates, but for `valid`
  std::string first_resolved;                    // the first point's recipe
  std::uint64_t seed = 1;                        // the recipe's
  std::map<std::string, std::string> plugins;    // digests, by name
};

// Checks every point, and finds the metric that decides. Mistakes that many points share are told once. Nothing: there
// were some. Throws Failure.
std::optional<SweepPlans> check_points(AskedSweep& asked, cards::Store& store);

// A JSON object of a sweep's folder. Throws Failure.
report::Json read_sweep_json(const std::string& file);

}  // namespace braid::tools
