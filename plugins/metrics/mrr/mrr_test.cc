// Mean reciprocal rank: conformance, golden values (tools/goldens/ranks.py).
#include "plugins/parts/ranks_testing.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

TEST_CASE("mrr conforms") {
  CHECK(check(parts::given("mrr", 2, {3, 0, 1, 2}, {5, -9, 5, 5})) == "");
  auto c = parts::ranked("mrr", 2, {0.5, -1, 0.5, 3}, {1, 0, 1, 1}, {5, 5, -9, 5});
  c.inputs["label"][0] = c.inputs["label"][0].hide({{3}});
  CHECK(check(c) == "");
}

// At most 33 groups of 24 answers: each figure is off by at most some 60 roundings of 1.1e-16 of itself.
TEST_CASE("mrr's golden values") {
  CHECK(parts::number(parts::golden_given("mrr", 1)) == doctest::Approx(0.24242424242424243).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("mrr", 5)) == doctest::Approx(0.36111111111111116).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("mrr", 10)) == doctest::Approx(0.38067580567580567).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("mrr", 1000)) == doctest::Approx(0.40022267690716884).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("mrr", 0)) == doctest::Approx(0.40022267690716884).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("mrr", 1)) == doctest::Approx(0.4166666666666667).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("mrr", 5)) == doctest::Approx(0.5958333333333333).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("mrr", 10)) == doctest::Approx(0.5958333333333333).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("mrr", 1000)) == doctest::Approx(0.5958333333333333).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("mrr", 0)) == doctest::Approx(0.5958333333333333).epsilon(1e-14));
}

TEST_CASE("mrr by hand: the first answer alone; without a cut at 0") {
  CHECK(parts::number(parts::given("mrr", 4, {9, 1, 4, 3}, {1, 1, 2, 1})) == doctest::Approx(0.25));
  CHECK(parts::number(parts::given("mrr", 0, {9, 1, 4, 3}, {1, 1, 2, 1})) == doctest::Approx((0.5 + 0.2) / 2));
}
