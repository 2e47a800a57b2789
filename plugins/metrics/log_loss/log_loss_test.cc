// Log loss: conformance, golden values (tools/goldens/metrics.py), clipping.
#include "plugins/parts/clicks_testing.h"

#include <braid/conform.h>

#include <cmath>
#include <limits>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

const float missing = std::numeric_limits<float>::quiet_NaN();

Case any(const Values& values) {
  Case c{"log_loss"};
  c.values = values;
  c.inputs["score"] = {wave({4})};
  c.inputs["label"] = {numbers({1, 0, 1, 1}, {4}).hide({{3}})};
  c.constants = {"score", "label"};
  return c;
}

double log_loss(const Values& values, std::vector<float> scores, std::vector<float> labels) {
  Instance at_work(any(values));
  parts::Columns rows;
  rows.real = {std::move(scores), std::move(labels)};
  return dynamic_cast<Metric&>(at_work.component()).finish(rows);
}

const Values probability{{"score_is", std::string("probability")}};

}  // namespace

TEST_CASE("log_loss conforms") { CHECK(check(any({})) == ""); }

TEST_CASE("log_loss's golden values") {
  std::vector<float> logits, logit_labels, probabilities, labels;
  for (int k = 0; k < 500; ++k) {
    const auto score = static_cast<float>(std::floor(std::sin(0.1 * k) * 20 + 0.5) / 20);
    const float label = std::sin(0.37 * k + 1) > 0.1 ? 1 : 0;
    logits.push_back(4 * score);
    logit_labels.push_back(label);
    if (score >= 0) probabilities.push_back(score), labels.push_back(label);
  }
  CHECK(log_loss({}, logits, logit_labels) == doctest::Approx(1.4251171330814827).epsilon(1e-9));
  CHECK(log_loss(probability, probabilities, labels) == doctest::Approx(2.337698595548145).epsilon(1e-9));
}

TEST_CASE("one row costs no more than the clip allows") {
  CHECK(log_loss({}, {1000}, {0}) == doctest::Approx(-std::log(1e-7)));
  CHECK(log_loss({}, {-1000}, {1}) == doctest::Approx(-std::log(1e-7)));
  CHECK(log_loss({}, {1000}, {1}) == doctest::Approx(1e-7));
  CHECK(log_loss({{"clip", 0.0}}, {1000}, {1}) == 0);
  CHECK(std::isinf(log_loss({{"clip", 0.0}}, {1000}, {0})));
}

TEST_CASE("what has no answer is not a number; rows without a label are left out") {
  CHECK(std::isnan(log_loss({}, {}, {})));
  CHECK(std::isnan(log_loss({}, {missing}, {1})));
  CHECK(std::isnan(log_loss(probability, {1.5F}, {1})));
  CHECK(log_loss({}, {0, missing, 5}, {1, missing, missing}) == doctest::Approx(std::log(2.0)));
  CHECK_FALSE(dynamic_cast<Metric&>(Instance(any({})).component()).higher_is_better());
}
