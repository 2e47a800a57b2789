// Projected and added: conformance, golden values (tools/goldens/fusions.py).
#include <braid/conform.h>

#include <ATen/core/Tensor.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two(bool gates, bool norm) {
  Case c{"projected_sum"};
  c.values = {{"dim", std::int64_t{4}}, {"gates", gates}, {"norm", norm}, {"drop", std::vector<double>{0.0, 0.3}}};
  c.inputs["inputs"] = {wave({3, 2}), wave({3, 3}, 1).hide({{1}})};
  return c;
}

}  // namespace

TEST_CASE("projected_sum conforms") {
  CHECK(check(two(false, true)) == "");
  CHECK(check(two(true, false)) == "");
  Case one{"projected_sum"};
  one.values = {{"dim", std::int64_t{3}}};
  one.inputs["inputs"] = {wave({4, 2}).hide({{0}, {1}, {2}, {3}})};
  CHECK(check(one) == "");
}

TEST_CASE("projected_sum's golden values: what is absent adds nothing") {
  Instance normed(two(false, true));
  normed.fill();
  CHECK(differs(normed.run().at("vector").value,
                {0.8899575236, -0.9328936398, 0.2079539612, -0.3977500337, 0.01017820645, 0.6822445506, -0.005161777088,
                 -1.240658615, -0.3669191762, 0.7638392695, 0.2249361058, -1.172818499},
                2e-5) == "");
  Instance gated(two(true, false));
  gated.fill();
  CHECK(differs(gated.run().at("vector").value,
                {0.2981079321, 0.6470607372, 0.1208208917, -0.1813813637, 0.419269718, 0.8123719174, 0.2108333385,
                 -0.4996127234, 0.2460571871, 0.2821465944, 0.3272259027, 0.161880475}) == "");
}

TEST_CASE("gates are shut at the start") {
  auto c = two(true, false);
  Instance both(c);
  c.inputs["inputs"].pop_back();
  c.values["drop"] = std::vector<double>{0.0};
  Instance first(c);
  CHECK(differs(both.run().at("vector").value, first.run().at("vector").value, 0) == "");
}

TEST_CASE("a list of shares has one per input") {
  auto c = two(false, true);
  c.values["drop"] = std::vector<double>{0.1, 0.2, 0.3};
  CHECK_THROWS_WITH_AS(Instance{c}, doctest::Contains("3 shares for 2 inputs"), Error);
}
