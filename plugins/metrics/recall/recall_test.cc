// Recall: conformance, golden values (tools/goldens/ranks.py); what it shares with the other metrics of lists.
#include "plugins/parts/ranks_testing.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

TEST_CASE("recall conforms") {
  CHECK(check(parts::given("recall", 2, {3, 0, 1, 2}, {5, -9, 5, 5})) == "");
  auto c = parts::ranked("recall", 2, {0.5, -1, 0.5, 3}, {1, 0, 1, 1}, {5, 5, -9, 5});
  c.inputs["label"][0] = c.inputs["label"][0].hide({{3}});
  CHECK(check(c) == "");
}

// At most 33 groups of 24 answers: each figure is off by at most some 60 roundings of 1.1e-16 of itself.
TEST_CASE("recall's golden values") {
  CHECK(parts::number(parts::golden_given("recall", 1)) == doctest::Approx(0.03947079490557751).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("recall", 5)) == doctest::Approx(0.15925559947299076).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("recall", 10)) == doctest::Approx(0.3475516029863856).epsilon(1e-14));
  CHECK(parts::number(parts::golden_given("recall", 1000)) == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("recall", 1)) == doctest::Approx(0.03915436415436416).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("recall", 5)) == doctest::Approx(0.14117040367040368).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("recall", 10)) == doctest::Approx(0.25871188996188993).epsilon(1e-14));
  CHECK(parts::number(parts::golden_ranked("recall", 1000)) == doctest::Approx(1.0).epsilon(1e-14));
}

TEST_CASE("recall by hand: groups weigh alike, ranks at the cut miss") {
  // Group 1: ranks 0 and 3 of 3 answers hit at 4; group 2: its answer stands fifth.
  CHECK(parts::number(parts::given("recall", 4, {9, 0, 4, 3}, {1, 1, 2, 1})) == doctest::Approx(2.0 / 3 / 2));
  CHECK(parts::number(parts::given("recall", 5, {9, 0, 4, 3}, {1, 1, 2, 1})) == doctest::Approx((2.0 / 3 + 1) / 2));
}

TEST_CASE("scores rank the rows of a group: ties in the order of rows, rows without a label left out") {
  const auto at = [](std::int64_t k, const std::vector<double>& scores, const std::vector<double>& labels,
                     const std::vector<std::int64_t>& groups) {
    return parts::number(parts::ranked("recall", k, scores, labels, groups));
  };
  CHECK(at(1, {1, 1, 0}, {1, 0, 0}, {5, 5, 5}) == 1);
  CHECK(at(1, {1, 1, 0}, {0, 1, 0}, {5, 5, 5}) == 0);
  CHECK(at(2, {1, 1, 0}, {0, 1, 0}, {5, 5, 5}) == 1);
  CHECK(at(1, {-0.0, 0.0}, {1, 0}, {5, 5}) == 1);  // equal, so a tie
  CHECK(at(1, {2, 1}, {parts::no_label, 1}, {5, 5}) == 1);
  CHECK(at(1, {parts::no_label, 1}, {parts::no_label, 1}, {5, 5}) == 1);  // nobody asks for that score
  CHECK(at(1, {2, 1}, {0, 1}, {5, 6}) == 1);
  CHECK(at(1, {2, 1, 7}, {0.5, 1, 0}, {5, 5, 6}) == 0);  // group 6 has no answer
  auto hidden = parts::ranked("recall", 1, {2, 1}, {0, 1}, {5, 5});
  hidden.inputs["label"][0] = hidden.inputs["label"][0].hide({{0}});
  CHECK(parts::number(hidden) == 1);
}

TEST_CASE("a rank that is wired counts, whatever [eval] wires as score and label") {
  auto both = parts::given("recall", 1, {0, 1}, {5, 6});
  both.inputs["score"] = {numbers({parts::no_label, 3}, {2})};
  both.inputs["label"] = {numbers({0, 0}, {2})};
  CHECK(parts::number(both) == 0.5);
  both.inputs["score"] = {wave({2})};  // NaN is not equal to itself: check() would take it for a changed input
  both.constants = {"score"};
  CHECK(check(both) == "");
}

TEST_CASE("what has no answer is no number") {
  CHECK(std::isnan(parts::number(parts::given("recall", 3, {}, {}))));
  CHECK(std::isnan(parts::number(parts::ranked("recall", 3, {}, {}, {}))));
  CHECK(std::isnan(parts::number(parts::ranked("recall", 3, {1, 2}, {0, parts::no_label}, {5, 5}))));
  CHECK(std::isnan(parts::number(parts::ranked("recall", 3, {1, parts::no_label}, {1, 0}, {5, 6}))));
}

TEST_CASE("wires that do not say where answers stand are refused") {
  auto c = parts::ranked("recall", 3, {1, 2}, {1, 0}, {5, 5});
  c.inputs.erase("label");
  CHECK_THROWS_WITH_AS(Instance{c}, doctest::Contains("wire `rank`, the place of each row's answer, or `score`"),
                       Error);
  auto twice = parts::given("recall", 3, {1, 2}, {5, 5});
  twice.inputs["rank"].push_back(twice.inputs["rank"][0]);
  CHECK_THROWS_WITH_AS(Instance{twice}, doctest::Contains("rank has 2 wires; it takes one"), Error);
  CHECK_THROWS_WITH_AS(parts::number(parts::given("recall", 3, {1, -2}, {5, 5})), doctest::Contains("a rank is -2"),
                       Error);
}
