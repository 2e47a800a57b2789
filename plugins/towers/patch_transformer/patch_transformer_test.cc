// Pictures to tokens: conformance, golden values (tools/goldens/towers.py).
#include <braid/conform.h>

#include <ATen/core/Tensor.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case pictures(std::int64_t layers) {
  Case c{"patch_transformer"};
  c.values = {{"dim", std::int64_t{8}},
              {"patch", std::int64_t{2}},
              {"token", std::int64_t{8}},
              {"merges", std::vector<std::int64_t>{5, 6}},
              {"layers", layers},
              {"heads", std::int64_t{2}},
              {"drop", 0.2}};
  c.inputs["image"] = {wave({3, 3, 16, 24})};
  return c;
}

}  // namespace

TEST_CASE("patch_transformer conforms: with and without layers, absent pictures") {
  for (const std::int64_t layers : {0, 1}) {
    auto c = pictures(layers);
    c.inputs["image"] = {wave({4, 3, 8, 16}).hide({{1}})};
    c.elements = 12;
    CHECK(check(c) == "");
  }
  auto c = pictures(0);
  c.values["merges"] = std::vector<std::int64_t>{};
  c.values["token"] = std::int64_t{2};
  c.inputs["image"] = {wave({3, 1, 4, 2})};
  CHECK(check(c) == "");
}

TEST_CASE("patch_transformer's golden values: the stem as convolutions") {
  Instance stem(pictures(0));
  stem.fill();
  const auto out = stem.run();
  CHECK(differs(out.at("vector").value,
                {-1.121009853, -1.045979601,   -0.8687048846, 0.4801276415, 0.7425570015,  0.2282622976,
                 0.293552371,  -0.03779246513, -1.155127235,  -1.033413958, -0.8594276738, 0.455211109,
                 0.758560808,  0.2436810833,   0.281323275,   -0.027568547, -1.136644211,  -1.061505892,
                 -0.846041371, 0.4677312673,   0.7359137038,  0.2498946464, 0.2947263433,  -0.04208979346}) == "");
  CHECK(differs(
            out.at("tokens").value[1],
            {-1.166622094,  -0.07875960216, 0.5039760737,  1.399195546,    0.9631401505,  -0.165634587,  -0.5280228725,
             -1.006062089,  -1.505962422,   -0.7890346482, -0.07793785874, 1.155014552,   1.055084821,   0.1845132083,
             -0.1246952336, -0.706896937,   -1.536157221,  -1.2812085,     -0.6928311065, 0.7438146916,  0.969911375,
             0.4013594473,  0.2609926347,   -0.2796277664, -1.361349521,   -1.507123431,  -1.145270046,  0.233756591,
             0.7524348045,  0.5188816413,   0.5410554586,  0.16184016,     -0.9746718527, -1.464207679,  -1.624005652,
             -0.2241002354, 0.5127547571,   0.4311455899,  0.7360644113,   0.6140359154,  -0.3860002976, -1.080149886,
             -2.120497453,  -0.5764144911,  0.2980389404,  0.09182120013,  0.8025452517,  1.051299435}) == "");
  Instance layered(pictures(1));
  layered.fill();
  CHECK(differs(layered.run().at("vector").value,
                {-0.01579903622, 0.1470414681,  -0.5560741232,  0.02938558758, 1.182866778,    0.9075682289,
                 -0.3317131073,  -1.297551319,  -0.01791828607, 0.1485448628,  -0.5566010309,  0.02442703788,
                 1.184368298,    0.9104948682,  -0.3322294278,  -1.296765104,  -0.01358873191, 0.1475445803,
                 -0.5501102599,  0.03330971573, 1.183783175,    0.9062329453,  -0.3366435854,  -1.299519542}) == "");
}

TEST_CASE("pixels that want a gradient go another way to the same values") {
  for (const bool hidden : {false, true}) {
    auto c = pictures(0);
    c.inputs["image"] = {hidden ? wave({5, 3, 16, 24}).hide({{0}, {3}}) : wave({5, 3, 16, 24})};
    Instance plain(c), learning(c);
    plain.fill();
    learning.fill();
    learning.inputs.at(0).at(0).value.requires_grad_();
    CHECK(plain.run().at("tokens").value.equal(learning.run().at("tokens").value));
  }
}

TEST_CASE("sizes that do not fit are told before any weight is made") {
  auto c = pictures(0);
  c.values["token"] = std::int64_t{16};
  CHECK_THROWS_WITH_AS(Instance{c}, doctest::Contains("set token = 8"), Error);
  c = pictures(0);
  c.inputs["image"] = {wave({3, 3, 16, 20})};
  CHECK_THROWS_WITH_AS(Instance{c}, doctest::Contains("whole tokens"), Error);
}

TEST_CASE("at its defaults it is the reference's tower: 6 tokens of 64 for 64 x 96 pixels") {
  Case c{"patch_transformer"};
  c.inputs["image"] = {wave({2, 3, 96, 64})};
  Instance one(c);
  CHECK(one.run().at("tokens").value.sizes() == at::IntArrayRef({2, 6, 64}));
  CHECK(one.weight("stem.0.linear.weight").sizes() == at::IntArrayRef({48, 192}));
  CHECK(one.weight("stem.1.linear.weight").sizes() == at::IntArrayRef({64, 192}));
  CHECK(one.weight("stem.2.linear.weight").sizes() == at::IntArrayRef({64, 256}));
}
