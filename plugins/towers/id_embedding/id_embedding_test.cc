// The id's vector: conformance, golden values (tools/goldens/towers.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

TEST_CASE("id_embedding conforms") {
  Case c{"id_embedding"};
  c.values = {{"dim", std::int64_t{5}}};
  c.inputs["id"] = {ids({6}, 4)};
  CHECK(check(c) == "");
}

TEST_CASE("a row of the table is an id's vector; row 0 starts at zero, the others with the deviation asked for") {
  Case c{"id_embedding"};
  c.values = {{"dim", std::int64_t{64}}, {"start", 0.5}};
  c.inputs["id"] = {wholes({0, 3, 3, 999}, {4})};
  c.sizes["n"] = 1000;
  Instance one(c);
  const auto& rows = one.weight("rows");
  const auto out = one.run().at("vector").value;
  CHECK(out[0].abs().sum().item<double>() == 0);
  CHECK(out[1].equal(rows[3]));
  CHECK(out[2].equal(rows[3]));
  CHECK(out[3].equal(rows[999]));
  CHECK(rows.std().item<double>() == doctest::Approx(0.5).epsilon(0.02));  // 64,000 draws
}
