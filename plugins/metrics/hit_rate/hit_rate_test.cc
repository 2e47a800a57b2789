// Hit rate: conformance, golden values (tools/goldens/ranks.py).
#include "plugins/parts/ranks_testing.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

TEST_CASE("hit_rate conforms") {
  CHECK(check(parts::given("hit_rate", 2, {3, 0, 1, 2}, {5, -9, 5, 5})) == "");
  auto c = parts::ranked("hit_rate", 2, {0.5, -1, 0.5, 3}, {1, 0, 1, 1}, {5, 5, -9, 5});
  c.inputs["label"][0] = c.inputs["label"][0].hide({{3}});
  CHECK(check(c) == "");
}

// At most 33 groups of 24 answers: each figure is off by at most some 60 roundings of 1.1e-16 of itself.
TEST_CASE("hit_rate's golden values") {
  CHECK(parts::number(parts::golden_given("hit_rate", 1)) == doctest::Approx(0.24242424242424243).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("hit_rate", 5)) == doctest::Approx(0.5151515151515151).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("hit_rate", 10)) == doctest::Approx(0.6666666666666666).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("hit_rate", 1000)) == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("hit_rate", 1)) == doctest::Approx(0.4166666666666667).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("hit_rate", 5)) == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("hit_rate", 10)) == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("hit_rate", 1000)) == doctest::Approx(1.0).epsilon(1e-14));
}

TEST_CASE("hit_rate by hand: a group counts once") {
  CHECK(parts::number(parts::given("hit_rate", 4, {3, 0, 4, 2}, {1, 1, 2, 1})) == 0.5);
  CHECK(parts::number(parts::given("hit_rate", 5, {3, 0, 4, 2}, {1, 1, 2, 1})) == 1);
}
