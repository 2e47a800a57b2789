// Precision: conformance, golden values (tools/goldens/ranks.py).
#include "plugins/parts/ranks_testing.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

TEST_CASE("precision conforms") {
  CHECK(check(parts::given("precision", 2, {3, 0, 1, 2}, {5, -9, 5, 5})) == "");
  auto c = parts::ranked("precision", 2, {0.5, -1, 0.5, 3}, {1, 0, 1, 1}, {5, 5, -9, 5});
  c.inputs["label"][0] = c.inputs["label"][0].hide({{3}});
  CHECK(check(c) == "");
}

// At most 33 groups of 24 answers: each figure is off by at most some 60 roundings of 1.1e-16 of itself.
TEST_CASE("precision's golden values") {
  CHECK(parts::number(parts::golden_given("precision", 1)) == doctest::Approx(0.24242424242424243).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("precision", 5)) == doctest::Approx(0.19999999999999998).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("precision", 10)) == doctest::Approx(0.19999999999999998).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("precision", 1000)) == doctest::Approx(0.009696969696969697).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("precision", 1)) == doctest::Approx(0.4166666666666667).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("precision", 5)) == doctest::Approx(0.3166666666666667).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("precision", 10)) == doctest::Approx(0.29166666666666663).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("precision", 1000)) == doctest::Approx(0.011333333333333334).epsilon(1e-14));
}

TEST_CASE("precision by hand: divided by `at` where a list is shorter, too") {
  CHECK(parts::number(parts::given("precision", 4, {9, 0, 4, 3}, {1, 1, 2, 1})) == doctest::Approx(0.25));
  CHECK(parts::number(parts::ranked("precision", 4, {3, 2}, {1, 1}, {5, 5})) == doctest::Approx(0.5));
}
