// DeepFM: conformance, golden values (tools/goldens/rankers.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two_wires() {
  Case c{"deep_fm"};
  c.values = {{"hidden", std::vector<std::int64_t>{5, 4}}};
  c.inputs["features"] = {wave({4, 2, 3}).hide({{1}}), wave({4, 3}, 1)};
  c.inputs["terms"] = {wave({4, 3}, 2)};
  return c;
}

}  // namespace

TEST_CASE("deep_fm conforms, with terms and without, and without hidden layers") {
  CHECK(check(two_wires()) == "");
  auto c = two_wires();
  c.inputs.erase("terms");
  c.values["hidden"] = std::vector<std::int64_t>{};
  CHECK(check(c) == "");
}

TEST_CASE("deep_fm's golden values") {
  Instance at_work(two_wires());
  at_work.fill();
  const auto out = at_work.run();
  CHECK(differs(out.at("logit").value, {2.759215067, -2.83951924, 0.2740011624, 2.690963018}) == "");
  CHECK(differs(out.at("probability").value, out.at("logit").value.sigmoid()) == "");
}
