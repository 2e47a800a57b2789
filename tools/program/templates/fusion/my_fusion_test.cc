// What every fusion must satisfy, and golden values by hand.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

Case two_inputs() {
  Case c{"my_fusion"};
  c.inputs["inputs"] = {numbers({1, 2, 3, 4, 5, 6}, {3, 2}).hide({{2}}),
                        numbers({3, 6, 9, 9, 9, 9}, {3, 2}).hide({{1}, {2}})};
  return c;
}

}  // namespace

TEST_CASE("my_fusion conforms") {
  CHECK(check(two_inputs()) == "");
  Case one{"my_fusion"};
  one.inputs["inputs"] = {wave({4, 3})};
  CHECK(check(one) == "");
}

TEST_CASE("my_fusion: the mean of both, of the one that is there, of none") {
  CHECK(differs(Instance(two_inputs()).run().at("vector").value.flatten(), {2, 4, 3, 4, 0, 0}) == "");
}
