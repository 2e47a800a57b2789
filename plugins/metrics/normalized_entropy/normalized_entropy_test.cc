// Normalised entropy: conformance, golden values (tools/goldens/metrics.py).
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
  Case c{"normalized_entropy"};
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

}  // namespace

TEST_CASE("normalized_entropy conforms") { CHECK(check(any({})) == ""); }

TEST_CASE("normalized_entropy's golden value, and 1 for the mean label") {
  CHECK(golden({}) == doctest::Approx(2.060029369482151).epsilon(1e-6));  // scores are float32
  CHECK(figure({{"score_is", std::string("probability")}}, {0.25F, 0.25F, 0.25F, 0.25F}, {1, 0, 0, 0}) ==
        doctest::Approx(1));
}

TEST_CASE("what has no answer is not a number; rows without a label are left out") {
  const float missing = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(figure({}, {}, {})));
  CHECK(std::isnan(figure({}, {1, 2}, {1, 1})));
  CHECK(std::isnan(figure({}, {missing, 2}, {1, 0})));
  CHECK(figure({}, {0, 0, missing}, {1, 0, missing}) == doctest::Approx(1));
  CHECK_FALSE(dynamic_cast<Metric&>(Instance(any({})).component()).higher_is_better());
}
