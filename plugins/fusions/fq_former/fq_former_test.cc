// Queries and tokens: conformance, golden values (tools/goldens/fusions.py).
#include <braid/conform.h>

#include <ATen/core/Tensor.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two_modalities() {
  Case c{"fq_former"};
  c.values = {{"dim", std::int64_t{8}}, {"queries", std::int64_t{2}}, {"heads", std::int64_t{2}}, {"drop", 0.2}};
  c.inputs["tokens"] = {wave({4, 3, 8}).hide({{1, 0}, {1, 2}, {2, 0}, {2, 1}, {2, 2}, {3, 0}, {3, 1}, {3, 2}}),
                        wave({4, 2, 8}, 1).hide({{2, 0}, {2, 1}, {3, 0}})};
  return c;
}

}  // namespace

TEST_CASE("fq_former conforms: tokens and vectors, some hidden, absent and all there, one layer and two") {
  CHECK(check(two_modalities()) == "");
  auto c = two_modalities();
  c.values["layers"] = std::int64_t{2};
  c.values["type"] = true;
  CHECK(check(c) == "");
  // The second input's rows come or go as a whole; its mask has rows alone.
  c.inputs["tokens"] = {wave({4, 3, 8}).hide({{1, 0}}), wave({4, 2, 8}, 1).hide({{2}}), wave({4, 8}, 2).hide({{0}})};
  CHECK(check(c) == "");
  c.values["project"] = true;
  c.inputs["tokens"] = {wave({3, 5}), wave({3, 2, 6}, 2)};
  CHECK(check(c) == "");
}

TEST_CASE("fq_former's golden values: every row of [queries; tokens] through every layer") {
  Instance one(two_modalities());
  one.fill();
  const auto out = one.run();
  CHECK(differs(out.at("vector").value,
                {-1.429751502,
                 2.612627695,
                 2.168019806,
                 -2.042298411,
                 -3.148790065,
                 0.8419015309,
                 3.76156793,
                 1.021768814,
                 -2.455176422,
                 0.8220486888,
                 2.466452232,
                 -0.1305529366,
                 -2.671035231,
                 -0.8758708339,
                 2.586380807,
                 2.262403775,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 -2.353470172,
                 1.436427285,
                 2.614189668,
                 -0.6849486964,
                 -3.043862738,
                 -0.4728466688,
                 3.122840046,
                 2.077187279},
                2e-5) == "");
  CHECK(differs(out.at("queries").value,
                {0.5304140339,
                 1.467450698,
                 1.610632359,
                 0.8535229651,
                 -0.1632753213,
                 -0.8277406862,
                 -1.080124581,
                 -1.043793655,
                 0.3839816486,
                 1.363620414,
                 1.604691966,
                 0.9282522792,
                 -0.07105168045,
                 -0.7660860518,
                 -1.068085884,
                 -1.097132789,
                 -0.6670893253,
                 0.486551993,
                 1.334308636,
                 1.254793367,
                 0.4943849908,
                 -0.2877264464,
                 -0.8280817001,
                 -1.221962897,
                 -0.6796839244,
                 0.4601884817,
                 1.314801535,
                 1.255103338,
                 0.5092322407,
                 -0.2710168799,
                 -0.8185929704,
                 -1.227434637,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 -0.09476204634,
                 1.027209977,
                 1.569871316,
                 1.125600108,
                 0.1726766218,
                 -0.5986599102,
                 -1.009327459,
                 -1.160237032,
                 -0.6280066643,
                 0.5134636601,
                 1.351117598,
                 1.256529052,
                 0.4797252323,
                 -0.3108113464,
                 -0.8473254089,
                 -1.216496284},
                2e-5) == "");
  CHECK_FALSE(out.at("vector").mask[2].item<bool>());
  CHECK(out.at("vector").mask.sum().item<std::int64_t>() == 3);

  auto c = two_modalities();
  c.values["layers"] = std::int64_t{2};
  c.values["type"] = true;
  Instance two(c);
  two.fill();
  CHECK(differs(two.run().at("vector").value,
                {-0.9331870143,
                 2.968465096,
                 2.462419604,
                 -1.780826544,
                 -3.22207416,
                 0.2287412775,
                 2.978489503,
                 0.7097750059,
                 -0.3727864061,
                 -2.187831706,
                 -0.1914876643,
                 2.29795809,
                 1.087859346,
                 -2.100168428,
                 -2.277003999,
                 0.9049032258,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 3.611793846,
                 2.72929023,
                 -2.179668579,
                 -3.426384637,
                 0.7519014291,
                 3.487772117,
                 0.3277121372,
                 -3.62549723},
                2e-5) == "");

  c = Case{"fq_former"};
  c.values = {{"dim", std::int64_t{8}}, {"queries", std::int64_t{2}}, {"heads", std::int64_t{2}}, {"project", true}};
  c.inputs["tokens"] = {wave({3, 5}), wave({3, 6}, 2)};
  Instance vectors(c);
  vectors.fill();
  CHECK(differs(vectors.run().at("vector").value,
                {3.497856164,  3.101807469,  -1.953388877,  -3.792720431, 0.2847102979,  3.60911461,
                 0.8517394797, -3.467190688, 2.526364265,   3.680810336,  -0.7468161814, -3.881843046,
                 -0.958047046, 3.193665654,  1.925820506,   -2.615654387, 2.94121529,    3.508142051,
                 -1.23177221,  -3.906071627, -0.4829280571, 3.410797166,  1.538859023,   -2.989896026},
                2e-5) == "");
}

TEST_CASE("widths that differ need project = true, and the error says so") {
  auto c = two_modalities();
  c.inputs["tokens"] = {wave({4, 3, 8}), wave({4, 5})};
  CHECK_THROWS_WITH_AS(Instance{c}, doctest::Contains("project = true"), Error);
}
