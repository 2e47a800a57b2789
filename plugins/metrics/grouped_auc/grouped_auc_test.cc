// Grouped AUC: conformance, golden values (tools/goldens/metrics.py), groups of one class.
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

Case any(const std::string& average) {
  Case c{"grouped_auc"};
  c.values = {{"average", average}};
  c.inputs["score"] = {wave({4})};
  c.inputs["label"] = {numbers({1, 0, 1, 1}, {4}).hide({{3}})};
  c.inputs["group"] = {wholes({5, 5, -9, 5}, {4})};
  c.constants = {"score", "label"};
  return c;
}

double grouped(const std::string& average, std::vector<float> scores, std::vector<float> labels,
               std::vector<std::int64_t> groups) {
  Instance at_work(any(average));
  parts::Columns rows;
  rows.real = {std::move(scores), std::move(labels), {}};
  rows.whole = {{}, {}, std::move(groups)};
  return dynamic_cast<Metric&>(at_work.component()).finish(rows);
}

}  // namespace

TEST_CASE("grouped_auc conforms") {
  CHECK(check(any("rows")) == "");
  CHECK(check(any("groups")) == "");
}

TEST_CASE("grouped_auc's golden values") {
  std::vector<float> scores, labels;
  std::vector<std::int64_t> groups;
  for (std::int64_t k = 0; k < 500; ++k) {
    scores.push_back(static_cast<float>(std::floor(std::sin(0.1 * static_cast<double>(k)) * 20 + 0.5) / 20));
    const auto group = 7 * k % 13;
    labels.push_back(group == 3 || std::sin(0.37 * static_cast<double>(k) + 1) > 0.1 ? 1 : 0);
    groups.push_back(group << 40);
  }
  CHECK(grouped("rows", scores, labels, groups) == doctest::Approx(0.4989113295504273).epsilon(1e-14));
  CHECK(grouped("groups", scores, labels, groups) == doctest::Approx(0.4987056762276061).epsilon(1e-14));
}

TEST_CASE("groups weigh by their rows, or alike") {
  // Group 1: .5 of 2 rows (a tie); group 2: 1 of 4 rows; group 3 has positives only.
  const std::vector<float> scores{1, 1, 1, 2, 3, 4, 7, 8}, labels{0, 1, 0, 0, 1, 1, 1, 1};
  const std::vector<std::int64_t> groups{1, 1, 2, 2, 2, 2, 3, 3};
  CHECK(grouped("rows", scores, labels, groups) == doctest::Approx((2 * 0.5 + 4 * 1.0) / 6));
  CHECK(grouped("groups", scores, labels, groups) == doctest::Approx(0.75));
}

TEST_CASE("what has no answer is not a number; rows without a label are left out") {
  CHECK(std::isnan(grouped("rows", {1, 2}, {1, 0}, {1, 2})));
  CHECK(std::isnan(grouped("rows", {}, {}, {})));
  CHECK(std::isnan(grouped("rows", {1, missing}, {1, 0}, {1, 1})));
  CHECK(grouped("rows", {1, 2, 0}, {0, 1, missing}, {1, 1, 1}) == 1.0);
}
