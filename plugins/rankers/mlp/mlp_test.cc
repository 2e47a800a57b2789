// The multilayer perceptron: conformance, golden values (tools/goldens/rankers.py).
#include <braid/conform.h>

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
      {"relu", {0.2946142694, 0.3542355699, 0.3809491628, 0.3792412681}},
      {"gelu", {0.2871781814, 0.3093953324, 0.319395554, 0.3171765497}},
      {"silu", {0.2886539294, 0.3013321724, 0.3064918406, 0.3054959275}}};
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
