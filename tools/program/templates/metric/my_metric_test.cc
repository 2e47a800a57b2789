// What every metric must satisfy, and golden values by hand.
#include <braid/conform.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

Case rows(const std::vector<double>& scores, const std::vector<double>& labels) {
  const auto count = static_cast<std::int64_t>(scores.size());
  Case c{"my_metric"};
  c.inputs["score"] = {numbers(scores, {count})};
  c.inputs["label"] = {numbers(labels, {count})};
  return c;
}

}  // namespace

TEST_CASE("my_metric conforms") { CHECK(check(rows({1, -2, 0.5, 4}, {1, 2, 1, 3})) == ""); }

TEST_CASE("my_metric is the mean of what rows are off; of no rows it is no number") {
  CHECK(Instance(rows({1, -2, 0.5, 4}, {1, 2, 1, 3})).metric() == doctest::Approx((0 + 4 + 0.5 + 1) / 4));
  CHECK(std::isnan(Instance(rows({}, {})).metric()));
}
