// The multilayer perceptron: conformance, golden values (tools/goldens/rankers.py).
#include "conform/conform.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two_wires(const std::string& activation, bool lacks) {
  Case c{"mlp"};
  c.values = {{"hidden", std::vector<std::int64_t>{9, 8}}, {"activation", activation}, {"drop", 0.3}};
  const auto second = wave({4, 2}, 1);
  c.inputs["inputs"] = {wave({4, 3}), lacks ? second.hide({{1}}) : second};
  return c;
}

}  // namespace

TEST_CASE("mlp conforms") {
  for (const auto* activation : {"relu", "gelu", "silu"}) CHECK(check(two_wires(activation, true)) == "");
  CHECK(check(two_wires("relu", false)) == "");
  auto linear = two_wires("relu", true);
  linear.values = {{"hidden", std::vector<std::int64_t>{}}, {"absent", std::string("zeros")}};
  CHECK(check(linear) == "");
}

TEST_CASE("mlp's golden values") {
  const std::map<std::string, std::vector<double>> golden{
      {"relu", {0.1382865149, 0.06458155633, 0.177342673, 0.05571996403}},
      {"gelu", {0.06858302922, 0.04394001652, 0.07881729555, 0.04133140172}},
      {"silu", {0.05226199834, 0.03918499186, 0.05708731208, 0.0378062479}}};
  for (const auto& [activation, want] : golden) {
    Instance at_work(two_wires(activation, true));
    at_work.fill();
    const auto out = at_work.run();
    CHECK(differs(out.at("logit").value, want) == "");
    CHECK(differs(out.at("probability").value, out.at("logit").value.sigmoid()) == "");
  }
}

TEST_CASE("mlp drops while training only, and other units at other layers") {
  auto c = two_wires("relu", false);
  Instance at_work(c);
  at_work.fill();
  const auto still = at_work.run().at("logit").value;
  const auto first = at_work.run({.training = true, .step = 1}).at("logit").value;
  const auto second = at_work.run({.training = true, .step = 2}).at("logit").value;
  CHECK_FALSE(first.equal(still));
  CHECK_FALSE(first.equal(second));
  CHECK(at_work.run({.training = true, .step = 1}).at("logit").value.equal(first));
}
