// Logistic regression: conformance, golden values (tools/goldens/rankers.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case both() {
  Case c{"linear"};
  c.inputs["terms"] = {wave({4, 3}).hide({{2}})};
  c.inputs["numbers"] = {wave({4, 2}, 1)};
  return c;
}

}  // namespace

TEST_CASE("linear conforms: terms, numbers, both") {
  CHECK(check(both()) == "");
  for (const auto* port : {"terms", "numbers"}) {
    auto c = both();
    c.inputs.erase(port);
    CHECK(check(c) == "");
  }
}

TEST_CASE("linear's golden values") {
  Instance at_work(both());
  at_work.fill();
  const auto out = at_work.run();
  CHECK(differs(out.at("logit").value, {2.137109172, 1.030299313, -0.4452728643, 1.327720196}) == "");
  CHECK(differs(out.at("probability").value, out.at("logit").value.sigmoid()) == "");
}

TEST_CASE("linear starts at a probability of one half, and wants something to add up") {
  auto c = both();
  c.inputs.erase("terms");
  CHECK(differs(Instance(c).run().at("probability").value, {0.5, 0.5, 0.5, 0.5}) == "");
  CHECK_THROWS_AS(Instance(Case{"linear"}), Error);
}
