// A figure over all rows of a split: how far predictions are off.
#include <braid/plugin.h>

#include <cmath>

namespace {

struct MyMetric final : braid::Metric {
  static constexpr braid::About about{.summary = "Mean absolute error of the score; lower is better."};

  braid::In score{*this, "score", "float[rows]", "the prediction, in the label's unit"};
  braid::In label{*this, "label", "float[rows]", "what it should be", {.constant = true}};
  braid::State scores{*this, "scores", braid::State::real};
  braid::State labels{*this, "labels", braid::State::real};

  void run(braid::Frame& f) override { f.append(scores, f[score]), f.append(labels, f[label]); }

  double finish(const braid::Rows& rows) const override {  // not a number when there are no rows
    double sum = 0;
    for (std::size_t k = 0; k < rows.size(); ++k)
      sum += std::abs(static_cast<double>(rows.reals(scores)[k]) - rows.reals(labels)[k]);
    return sum / static_cast<double>(rows.size());
  }
  bool higher_is_better() const override { return false; }
};

}  // namespace

BRAID_PLUGIN(MyMetric, "my_metric", "0.1.0")
