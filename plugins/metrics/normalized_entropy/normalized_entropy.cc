// Log loss as a share of what a constant prediction costs.
#include "plugins/parts/clicks.h"

#include <braid/plugin.h>

#include <algorithm>
#include <limits>

namespace {

struct NormalizedEntropy final : braid::Metric {
  static constexpr braid::About about{
      .summary =
          "Log loss divided by that of always predicting the mean label; 1 is no better than that, lower is "
          "better. Unlike the log loss it compares across data of other click rates.",
      .paper = "He et al. 2014, Practical Lessons from Predicting Clicks on Ads at Facebook, ADKDD",
      .equation =
          "eq. 3; mean of -(y log p + (1 - y) log(1 - p)) over -(m log m + (1 - m) log(1 - m)), m the mean label"};

  parts::Clicks clicks{*this};
  braid::Param<double> clip{*this,
                            "clip",
                            1e-7,
                            "Probabilities are kept this far from 0 and 1, which bounds what one row can cost.",
                            {.low = 0, .high = 0.5}};

  void run(braid::Frame& f) override { clicks.append(f); }

  // NaN when all labels are 0 or all are 1, when a score is NaN, or when a probability lies outside [0, 1].
  double finish(const braid::Rows& rows) const override {
    double sum = 0, labels = 0, count = 0;
    const bool defined = clicks.each(rows, [&](double p, double y) {
      sum += parts::Clicks::surprise(std::clamp(p, clip(), 1.0 - clip()), y);
      labels += y;
      ++count;
    });
    if (!defined || !(labels > 0 && labels < count)) return std::numeric_limits<double>::quiet_NaN();
    return sum / count / parts::Clicks::surprise(labels / count, labels / count);
  }

  bool higher_is_better() const override { return false; }
  braid::Range range() const override { return {0, std::numeric_limits<double>::infinity()}; }
};

}  // namespace

BRAID_PLUGIN(NormalizedEntropy, "normalized_entropy", "0.1.0")
