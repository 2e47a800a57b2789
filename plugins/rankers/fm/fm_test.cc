// The factorisation machine: conformance, golden values (tools/goldens/rankers.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two_wires() {
  Case c{"fm"};
  c.inputs["features"] = {wave({4, 2, 3}).hide({{1}}), wave({4, 3}, 1)};
  c.inputs["terms"] = {wave({4, 3}, 2)};
  return c;
}

}  // namespace

TEST_CASE("fm conforms, with terms and without") {
  CHECK(check(two_wires()) == "");
  auto c = two_wires();
  c.inputs.erase("terms");
  CHECK(check(c) == "");
}

TEST_CASE("fm's golden values, every pair of fields") {
  Instance at_work(two_wires());
  at_work.fill();
  const auto out = at_work.run();
  CHECK(differs(out.at("logit").value, {3.077365721, -2.519982045, 0.5877748549, 3.00906837}) == "");
  CHECK(differs(out.at("probability").value, out.at("logit").value.sigmoid()) == "");
}

TEST_CASE("one field has no pairs") {
  Case c{"fm"};
  c.inputs["features"] = {wave({2, 1, 5})};
  CHECK(differs(Instance(c).run().at("logit").value, {0, 0}) == "");
}
