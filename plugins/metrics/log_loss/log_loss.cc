// Mean negative log-likelihood of binary labels.
#include <braid/plugin.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

struct LogLoss final : braid::Metric {
  static constexpr braid::About about{
      .summary = "Mean negative log-likelihood of the labels, in nats; lower is better.",
      .equation = "mean of -(y log p + (1 - y) log(1 - p)), p clipped to [clip, 1 - clip]"};

  braid::Param<std::string> score_is{
      *this,
      "score_is",
      std::string("logit"),
      "What arrives as score: a logit, whose sigmoid is taken, or the probability itself.",
      {.choices = {"logit", "probability"}}};
  braid::Param<double> clip{*this,
                            "clip",
                            1e-7,
                            "Probabilities are kept this far from 0 and 1, which bounds what one row can cost.",
                            {.low = 0, .high = 0.5}};
  braid::In score{*this, "score", "float[rows]", "the prediction; see score_is"};
  braid::In label{*this,
                  "label",
                  "float?[rows]",
                  "in [0, 1]; a row without a label (absent, NaN) is left out",
                  {.constant = true, .low = 0, .high = 1}};
  braid::State scores{*this, "scores", braid::State::real};
  braid::State labels{*this, "labels", braid::State::real};

  void run(braid::Frame& f) override {
    f.append(scores, f[score]);
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    f.append(labels, f.masked(label) ? f[label].masked_fill(f.mask(label).logical_not(), nan) : f[label]);
  }

  // NaN when no row has a label, when a score is NaN, or when a probability lies outside [0, 1].
  double finish(const braid::Rows& rows) const override {
    const auto s = rows.reals(scores), y = rows.reals(labels);
    const bool logits = score_is() == "logit";
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t k = 0; k < s.size(); ++k) {
      if (std::isnan(y[k])) continue;
      const double x = s[k];
      const double p = logits ? 1.0 / (1.0 + std::exp(-x)) : x;
      if (!(p >= 0 && p <= 1)) return std::numeric_limits<double>::quiet_NaN();
      const double clipped = std::clamp(p, clip(), 1.0 - clip());
      // A label of exactly 0 or 1 leaves one term out: 0 * log(0) would be NaN where clip is 0.
      if (y[k] > 0) sum -= y[k] * std::log(clipped);
      if (y[k] < 1) sum -= (1.0 - y[k]) * std::log1p(-clipped);
      ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
  }

  bool higher_is_better() const override { return false; }
};

}  // namespace

BRAID_PLUGIN(LogLoss, "log_loss", "0.1.0")
