// Calibration: conformance, golden values (tools/goldens/metrics.py).
#include "plugins/parts/clicks_testing.h"

#include <braid/conform.h>

#include <cmath>
#include <limits>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case any(const Values& values) {
  Case c{"calibration"};
  c.values = values;
  c.inputs["score"] = {wave({4})};
  c.inputs["label"] = {numbers({1, 0, 1, 1}, {4}).hide({{3}})};
  c.constants = {"score", "label"};
  return c;
}

double figure(const Values& values, std::vector<float> scores, std::vector<float> labels) {
  Instance at_work(any(values));
  parts::Columns rows;
  rows.real = {std::move(scores), std::move(labels)};
  return dynamic_cast<Metric&>(at_work.component()).finish(rows);
}

// The script's logits and labels.
double golden(const Values& values) {
  std::vector<float> logits, labels;
  for (int k = 0; k < 500; ++k) {
    logits.push_back(4 * static_cast<float>(std::floor(std::sin(0.1 * k) * 20 + 0.5) / 20));
    labels.push_back(std::sin(0.37 * k + 1) > 0.1 ? 1 : 0);
  }
  return figure(values, logits, labels);
}

const Values ratio{{"as", std::string("ratio")}};
const Values probability{{"score_is", std::string("probability")}, {"bins", std::int64_t{2}}};

}  // namespace

TEST_CASE("calibration conforms") {
  CHECK(check(any({})) == "");
  CHECK(check(any(ratio)) == "");
}

TEST_CASE("calibration's golden values") {
  CHECK(golden(ratio) == doctest::Approx(1.0556257536902556).epsilon(1e-6));  // scores are float32
  CHECK(golden({{"bins", std::int64_t{7}}}) == doctest::Approx(0.378702454958395).epsilon(1e-6));
}

TEST_CASE("bins: distances of means, and rows of equal score stay together") {
  // Two bins: 0.2 0.4 with one click in two, 0.6 0.8 with two.
  CHECK(figure(probability, {0.8F, 0.2F, 0.6F, 0.4F}, {1, 0, 1, 1}) == doctest::Approx((0.4 + 0.6) / 4));
  // One score: one bin, whose mean is right.
  CHECK(figure(probability, {0.5F, 0.5F, 0.5F, 0.5F}, {0, 0, 1, 1}) == doctest::Approx(0));
  CHECK(figure(probability, {0.5F}, {1}) == doctest::Approx(0.5));  // fewer rows than bins
}

TEST_CASE("what has no answer is not a number; rows without a label are left out") {
  const float missing = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(figure({}, {}, {})));
  CHECK(std::isnan(figure(ratio, {1, 2}, {0, 0})));
  CHECK(std::isnan(figure({}, {missing, 2}, {1, 0})));
  CHECK(figure(ratio, {0, 0, missing}, {1, 0, missing}) == doctest::Approx(1));
  CHECK_FALSE(dynamic_cast<Metric&>(Instance(any({})).component()).higher_is_better());
}
