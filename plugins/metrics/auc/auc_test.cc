// AUC: conformance, golden values (tools/goldens/metrics.py), ties, missing labels, plain counting.
#include "plugins/parts/clicks_testing.h"

#include <braid/conform.h>

#include <cmath>
#include <limits>
#include <random>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

const float missing = std::numeric_limits<float>::quiet_NaN();

Case any() {
  Case c{"auc"};
  c.inputs["score"] = {wave({7})};
  c.inputs["label"] = {numbers({1, 0, 1, 1, 0, 0, 1}, {7}).hide({{3}})};
  c.constants = {"score", "label"};
  return c;
}

double auc(std::vector<float> scores, std::vector<float> labels) {
  Instance at_work(any());
  parts::Columns rows;
  rows.real = {std::move(scores), std::move(labels)};
  return dynamic_cast<Metric&>(at_work.component()).finish(rows);
}

}  // namespace

TEST_CASE("auc conforms") { CHECK(check(any()) == ""); }

TEST_CASE("auc's golden value") {
  std::vector<float> scores, labels;
  for (int k = 0; k < 500; ++k) {
    scores.push_back(static_cast<float>(std::floor(std::sin(0.1 * k) * 20 + 0.5) / 20));
    labels.push_back(std::sin(0.37 * k + 1) > 0.1 ? 1 : 0);
  }
  CHECK(auc(scores, labels) == doctest::Approx(0.5007941473745007).epsilon(1e-14));
}

TEST_CASE("every pair is counted, whatever the values") {
  std::mt19937 random(5);
  for (const int count : {2, 3, 17, 300}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<float> scores, labels;
      const float extremes[] = {0.0F,
                                -0.0F,
                                1e-45F,
                                -1e-45F,
                                3e38F,
                                -3e38F,
                                std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity()};
      for (int k = 0; k < count; ++k) {
        scores.push_back(random() % 4 == 0 ? extremes[random() % 8]
                                           : static_cast<float>(static_cast<int>(random() % 41) - 20) * 0.37F);
        labels.push_back(random() % 3 == 0 ? 1.0F : 0.0F);
      }
      double won = 0, pairs = 0;
      for (int a = 0; a < count; ++a)
        for (int b = 0; b < count; ++b) {
          if (!(labels[static_cast<std::size_t>(a)] > 0.5F) || labels[static_cast<std::size_t>(b)] > 0.5F) continue;
          const float x = scores[static_cast<std::size_t>(a)], y = scores[static_cast<std::size_t>(b)];
          won += x > y ? 1 : x == y ? 0.5 : 0;
          pairs += 1;
        }
      const double got = auc(scores, labels);
      if (pairs == 0) CHECK(std::isnan(got));
      else CHECK(got == won / pairs);
    }
  }
}

TEST_CASE("what has no answer is not a number") {
  CHECK(std::isnan(auc({1, 2}, {1, 1})));
  CHECK(std::isnan(auc({1, 2}, {0, 0})));
  CHECK(std::isnan(auc({}, {})));
  CHECK(std::isnan(auc({1, missing}, {1, 0})));
}

TEST_CASE("rows without a label are left out, be their score what it may") {
  CHECK(auc({1, 2, 9, missing}, {0, 1, missing, missing}) == 1.0);
}
