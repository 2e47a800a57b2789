// Pictures by convolutions: conformance, golden values (tools/goldens/towers.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case pictures() {
  Case c{"conv_tower"};
  c.values = {{"channels", std::vector<std::int64_t>{5, 4}}, {"dim", std::int64_t{2}}};
  c.inputs["image"] = {wave({3, 3, 7, 6}).hide({{1}})};
  return c;
}

}  // namespace

TEST_CASE("conv_tower conforms") {
  auto c = pictures();
  c.elements = 12;
  CHECK(check(c) == "");
  c.inputs["image"] = {wave({3, 1, 8, 4})};
  c.values["kernel"] = std::int64_t{5};
  CHECK(check(c) == "");
}

TEST_CASE("conv_tower's golden values") {
  Instance at_work(pictures());
  at_work.fill();
  const auto out = at_work.run().at("vector");
  CHECK(differs(out.value, {0.4410819693, 0.1134644637, 0, 0, 0.4514044159, 0.09595982656}) == "");
  CHECK(out.mask.sum().item<std::int64_t>() == 2);
}

TEST_CASE("windows have a middle, and there is a convolution") {
  auto c = pictures();
  c.values["kernel"] = std::int64_t{4};
  CHECK_THROWS_AS(Instance{c}, Error);
  c = pictures();
  c.values["channels"] = std::vector<std::int64_t>{};
  CHECK_THROWS_AS(Instance{c}, Error);
}
