// Mean average precision: conformance, golden values (tools/goldens/ranks.py).
#include "plugins/parts/ranks_testing.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

TEST_CASE("map conforms") {
  CHECK(check(parts::given("map", 2, {3, 0, 1, 2}, {5, -9, 5, 5})) == "");
  auto c = parts::ranked("map", 2, {0.5, -1, 0.5, 3}, {1, 0, 1, 1}, {5, 5, -9, 5});
  c.inputs["label"][0] = c.inputs["label"][0].hide({{3}});
  CHECK(check(c) == "");
}

// At most 33 groups of 24 answers: each figure is off by at most some 60 roundings of 1.1e-16 of itself.
TEST_CASE("map's golden values") {
  CHECK(parts::number(parts::golden_given("map", 1)) == doctest::Approx(0.24242424242424243).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("map", 5)) == doctest::Approx(0.17848484848484844).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("map", 10)) == doctest::Approx(0.1815223665223665).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("map", 1000)) == doctest::Approx(0.2887694881499021).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("map", 1)) == doctest::Approx(0.4166666666666667).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("map", 5)) == doctest::Approx(0.1886111111111111).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("map", 10)) == doctest::Approx(0.14889302248677247).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("map", 1000)) == doctest::Approx(0.37227346612703943).epsilon(1e-14));
}

TEST_CASE("map by hand: divided by the hits that could be") {
  // Group 1: (1/1 + 2/4) / min(3, 4); group 2: 0.
  CHECK(parts::number(parts::given("map", 4, {9, 0, 4, 3}, {1, 1, 2, 1})) == doctest::Approx(1.5 / 3 / 2));
  CHECK(parts::number(parts::given("map", 2, {0, 1, 2}, {1, 1, 1})) == 1);  // (1 + 1) / min(3, 2)
}
