// What every metric must satisfy, and golden values by hand.
#include <braid/conform.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

Case four_rows() {
  Case c{"my_metric"};
  c.inputs["score"] = {wave({4})};
  c.inputs["label"] = {wave({4}, 1)};
  c.constants = {"score", "label"};  // nothing is learnt from a metric
  return c;
}

// The rows of a split, as the host hands them to finish(): columns by their order of declaration.
struct Columns final : braid::Rows {
  std::vector<std::vector<float>> columns;
  explicit Columns(std::vector<std::vector<float>> of) : columns(std::move(of)) {}
  std::size_t size() const override { return columns[0].size(); }
  std::span<const float> reals(const braid::State& column) const override { return columns[column.index()]; }
  std::span<const std::int64_t> wholes(const braid::State&) const override { return {}; }
};

double finished(const Columns& rows) {
  Instance metric(four_rows());
  return dynamic_cast<const braid::Metric&>(metric.component()).finish(rows);
}

}  // namespace

TEST_CASE("my_metric conforms") { CHECK(check(four_rows()) == ""); }

TEST_CASE("my_metric is the mean of what rows are off; of no rows it is no number") {
  CHECK(finished(Columns({{1, -2, 0.5F, 4}, {1, 2, 1, 3}})) == doctest::Approx((0 + 4 + 0.5 + 1) / 4));
  CHECK(std::isnan(finished(Columns({{}, {}}))));
}
