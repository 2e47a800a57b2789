// LightGCN: conformance, golden values (tools/goldens/towers.py), which edges count.
#include <braid/conform.h>
#include <braid/ops.h>

#include <ATen/core/Tensor.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case with_edges(const std::vector<std::int64_t>& from, const std::vector<std::int64_t>& to, std::int64_t layers,
                std::int64_t users = 5, std::int64_t items = 4, std::int64_t dim = 3) {
  Case c{"light_gcn"};
  const auto edges = static_cast<std::int64_t>(from.size());
  c.values = {{"layers", layers}};
  c.inputs["user"] = {wave({users, dim})};
  c.inputs["item"] = {wave({items, dim}, 1.0)};
  c.inputs["edge_user"] = {wholes(from, {edges})};
  c.inputs["edge_item"] = {wholes(to, {edges})};
  return c;
}

// One edge is said twice, one has an unknown user, one an unknown item, two lead nowhere. User 4 has none.
Case graph(std::int64_t layers) {
  return with_edges({2, 1, 1, 0, 2, 3, 1, 3, 2, 5, -1}, {1, 1, 2, 2, 3, 3, 3, 0, 1, 1, 2}, layers);
}

}  // namespace

TEST_CASE("light_gcn conforms") {
  for (const std::int64_t layers : {0, 1, 3}) CHECK(check(graph(layers)) == "");
  CHECK(check(with_edges({1, 2, 2}, {2, 1, 2}, 2, 3, 3, 67)) == "");
  CHECK(check(with_edges({}, {}, 2)) == "");
}

TEST_CASE("light_gcn's golden values: powers of the dense normalised adjacency") {
  // Vectors of at most 1, at most three neighbours and three layers: a few dozen roundings of 2^-24.
  const auto one = Instance(graph(1)).run(), three = Instance(graph(3)).run();
  CHECK(differs(one.at("user_vector").value,
                {0, 0.3221088436, 0.492724865, 0.3268003456, 0.09956325065, -0.1744999968, -0.2517980723, -0.4422388726,
                 -0.4246878209, 0.2539068562, 0.6140964244, 0.6854668487, 0.427299454, 0.1595491812, -0.1832395646},
                3e-6) == "");
  CHECK(differs(one.at("item_vector").value,
                {0.4207354924, 0.4958324052, 0.3377315903, -0.02090173776, -0.4831629288, -0.7181850448, -0.1925402478,
                 -0.09023558308, 0.05450828629, 0.3960306335, 0.5396238767, 0.4294235788},
                3e-6) == "");
  CHECK(
      differs(three.at("user_vector").value,
              {0, 0.1610544218, 0.2463624325, 0.2448563107, 0.06406882579, -0.146851229, -0.09284389027, -0.2239445243,
               -0.2497205493, 0.171042928, 0.3668597435, 0.3901366894, 0.213649727, 0.07977459059, -0.09161978231},
              3e-6) == "");
  CHECK(differs(three.at("item_vector").value,
                {0.2103677462, 0.2479162026, 0.1688657951, 0.02986969541, -0.2610828879, -0.4292441095, -0.09271539311,
                 -0.06517302087, -0.006978758559, 0.2969420252, 0.3438264055, 0.2290038549},
                3e-6) == "");
}

TEST_CASE("edges that do not count, and their order, change no bit") {
  const auto all = Instance(graph(3)).run();
  const auto some = Instance(with_edges({1, 1, 1, 2, 2, 3}, {1, 2, 3, 1, 3, 3}, 3)).run();
  for (const auto* name : {"user_vector", "item_vector"}) CHECK(all.at(name).value.equal(some.at(name).value));
}

TEST_CASE("no layers and no edges") {
  const auto same = Instance(graph(0)).run();
  CHECK(differs(same.at("user_vector").value, wave({5, 3}).flow.value, 1e-7) == "");
  // Without neighbours all layers but the first are zeros.
  const auto lone = Instance(with_edges({}, {}, 3)).run();
  CHECK(differs(lone.at("item_vector").value, wave({4, 3}, 1.0).flow.value.div(4), 1e-7) == "");
  const auto nobody = Instance(with_edges({1, 2}, {0, 1}, 2, 0, 0)).run();
  CHECK(nobody.at("user_vector").value.sizes() == at::IntArrayRef{0, 3});
}
