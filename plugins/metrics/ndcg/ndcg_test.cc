// NDCG: conformance, golden values (tools/goldens/ranks.py).
#include "plugins/parts/ranks_testing.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

TEST_CASE("ndcg conforms") {
  CHECK(check(parts::given("ndcg", 2, {3, 0, 1, 2}, {5, -9, 5, 5})) == "");
  auto c = parts::ranked("ndcg", 2, {0.5, -1, 0.5, 3}, {1, 0, 1, 1}, {5, 5, -9, 5});
  c.inputs["label"][0] = c.inputs["label"][0].hide({{3}});
  CHECK(check(c) == "");
}

// At most 33 groups of 24 answers: each figure is off by at most some 60 roundings of 1.1e-16 of itself.
TEST_CASE("ndcg's golden values") {
  CHECK(parts::number(parts::golden_given("ndcg", 1)) == doctest::Approx(0.24242424242424243).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("ndcg", 5)) == doctest::Approx(0.25952192894349496).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("ndcg", 10)) == doctest::Approx(0.3038948483646947).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("ndcg", 1000)) == doctest::Approx(0.5076015248596507).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("ndcg", 1)) == doctest::Approx(0.4166666666666667).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("ndcg", 5)) == doctest::Approx(0.3261504182745871).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("ndcg", 10)) == doctest::Approx(0.31356832041927746).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("ndcg", 1000)) == doctest::Approx(0.6670471232619862).epsilon(1e-14));
}

TEST_CASE("ndcg by hand: the best list has gain 1, also where answers outnumber its places") {
  CHECK(parts::number(parts::given("ndcg", 2, {0, 1, 2}, {1, 1, 1})) == 1);
  CHECK(parts::number(parts::given("ndcg", 3, {2}, {1})) == doctest::Approx(0.5));  // 1 / log2(4)
  CHECK(parts::number(parts::given("ndcg", 2, {2}, {1})) == 0);
}
