// What metrics of binary labels collect: a score and a label a row. As a member it declares the parameter `score_is`,
// the ports `score` and `label`, and two columns of state.
#pragma once

#include <braid/metric.h>

#include <cmath>
#include <limits>
#include <string>

namespace parts {

class Clicks {
 public:
  explicit Clicks(braid::Component& owner)
      : score_is{owner,
                 "score_is",
                 std::string("logit"),
                 "What arrives as score: a logit, whose sigmoid is taken, or the probability itself.",
                 {.choices = {"logit", "probability"}}},
        score{owner, "score", "float[rows]", "the prediction; see score_is"},
        label{owner,
              "label",
              "float?[rows]",
              "in [0, 1]; a row without a label (absent, NaN) is left out",
              {.constant = true, .low = 0, .high = 1}},
        scores{owner, "scores", braid::State::real},
        labels{owner, "labels", braid::State::real} {}

  void append(braid::Frame& f) const {
    f.append(scores, f[score]);
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    f.append(labels, f.masked(label) ? f[label].masked_fill(f.mask(label).logical_not(), nan) : f[label]);
  }

  // visit(probability, label) for each row that has a label. False, and no further visits, when a score is NaN or a
  // probability lies outside [0, 1]: the metric is not defined then.
  template <class Visit>
  bool each(const braid::Rows& rows, Visit visit) const {
    const auto s = rows.reals(scores), y = rows.reals(labels);
    const bool logits = score_is() == "logit";
    for (std::size_t k = 0; k < s.size(); ++k) {
      if (std::isnan(y[k])) continue;
      const double x = s[k], p = logits ? 1.0 / (1.0 + std::exp(-x)) : x;
      if (!(p >= 0 && p <= 1)) return false;
      visit(p, static_cast<double>(y[k]));
    }
    return true;
  }

  // -(y log p + (1 - y) log(1 - p)), in nats. A label of exactly 0 or 1 leaves one term out: 0 * log(0) is 0 here.
  static double surprise(double p, double y) {
    double sum = 0;
    if (y > 0) sum -= y * std::log(p);
    if (y < 1) sum -= (1.0 - y) * std::log1p(-p);
    return sum;
  }

  braid::Param<std::string> score_is;
  braid::In score, label;
  braid::State scores, labels;
};

}  // namespace parts
