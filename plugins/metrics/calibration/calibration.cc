// Whether predicted probabilities are as large as what happens.
#include "plugins/parts/clicks.h"

#include <braid/plugin.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace {

struct Calibration final : braid::Metric {
  static constexpr braid::About about{
      .summary =
          "How far probabilities are from frequencies: the mean distance of the two over bins of rows with like "
          "scores (lower is better), or the ratio of the mean prediction to the mean label (best at 1).",
      .paper =
          "Naeini et al. 2015, Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI (error); "
          "He et al. 2014, ADKDD (ratio)",
      .equation = "error: sum over bins b of (rows_b / rows) * |mean p - mean y| in b; ratio: sum of p / sum of y",
      .differs =
          "Bins hold equal numbers of rows, not equal ranges of probability: few rows say nothing about a mean."};

  parts::Clicks clicks{*this};
  braid::Param<std::string> as{*this,
                               "as",
                               std::string("error"),
                               "error: over bins; ratio: over all rows. A ratio chooses no weights: 0 is not best.",
                               {.choices = {"error", "ratio"}}};
  braid::Param<std::int64_t> bins{
      *this, "bins", 20, "Bins of the error; rows of equal score never part.", {.low = 1, .high = 1'000'000}};

  void run(braid::Frame& f) override { clicks.append(f); }

  // NaN when no row has a label (ratio: when no label is above 0), when a score is NaN, or when a probability lies
  // outside [0, 1].
  double finish(const braid::Rows& rows) const override {
    std::vector<std::pair<double, double>> all;  // probability, label
    const bool defined = clicks.each(rows, [&](double p, double y) { all.emplace_back(p, y); });
    if (!defined || all.empty()) return std::numeric_limits<double>::quiet_NaN();
    if (as() == "ratio") {
      double p = 0, y = 0;
      for (const auto& row : all) p += row.first, y += row.second;
      return y > 0 ? p / y : std::numeric_limits<double>::quiet_NaN();
    }
    std::sort(all.begin(), all.end());
    const auto n = all.size(), count = static_cast<std::size_t>(bins());
    double error = 0;
    std::size_t from = 0;
    for (std::size_t bin = 1; bin <= count; ++bin) {
      auto to = n / count * bin + n % count * bin / count;  // n * bin / count without overflow
      if (to <= from) continue;                             // rows of one score have filled this bin's part too
      while (to < n && all[to].first == all[to - 1].first) ++to;
      double distance = 0;
      for (; from < to; ++from) distance += all[from].first - all[from].second;
      error += std::abs(distance);
    }
    return error / static_cast<double>(n);
  }

  bool higher_is_better() const override { return false; }
  braid::Range range() const override { return {0, as() == "error" ? 1 : std::numeric_limits<double>::infinity()}; }
};

}  // namespace

BRAID_PLUGIN(Calibration, "calibration", "0.1.0")
