// Mean negative log-likelihood of binary labels.
#include "plugins/parts/clicks.h"

#include <braid/plugin.h>

#include <algorithm>
#include <limits>

namespace {

struct LogLoss final : braid::Metric {
  static constexpr braid::About about{
      .summary = "Mean negative log-likelihood of the labels, in nats; lower is better.",
      .equation = "mean of -(y log p + (1 - y) log(1 - p)), p clipped to [clip, 1 - clip]"};

  parts::Clicks clicks{*this};
  braid::Param<double> clip{*this,
                            "clip",
                            1e-7,
                            "Probabilities are kept this far from 0 and 1, which bounds what one row can cost.",
                            {.low = 0, .high = 0.5}};

  void run(braid::Frame& f) override { clicks.append(f); }

  // NaN when no row has a label, when a score is NaN, or when a probability lies outside [0, 1].
  double finish(const braid::Rows& rows) const override {
    double sum = 0, count = 0;
    const bool defined = clicks.each(rows, [&](double p, double y) {
      sum += parts::Clicks::surprise(std::clamp(p, clip(), 1.0 - clip()), y);
      ++count;
    });
    return defined && count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
  }

  bool higher_is_better() const override { return false; }
  braid::Range range() const override { return {0, std::numeric_limits<double>::infinity()}; }
};

}  // namespace

BRAID_PLUGIN(LogLoss, "log_loss", "0.1.0")
