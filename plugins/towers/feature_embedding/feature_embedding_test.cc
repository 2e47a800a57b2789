// Columns as one vector: conformance, golden values (tools/goldens/towers.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case columns() {
  Case c{"feature_embedding"};
  c.values = {{"dim", std::int64_t{3}}};
  c.inputs["features"] = {ids({4}, 5), ids({4, 3}, 7).hide({{1, 1}, {2, 0}, {2, 1}, {2, 2}, {3, 2}})};
  c.inputs["numbers"] = {wave({4, 2})};
  return c;
}

}  // namespace

TEST_CASE("feature_embedding conforms: single and several values, numbers, rows without a cell") {
  CHECK(check(columns()) == "");
  auto c = columns();
  c.inputs["features"] = {ids({5}, 4).hide({{2}}), ids({5, 2}, 3)};
  c.inputs["numbers"] = {wave({5}), wave({5, 3}, 1).hide({{0}, {4}})};
  CHECK(check(c) == "");
  c.inputs.erase("numbers");
  CHECK(check(c) == "");
}

TEST_CASE("feature_embedding's golden values") {
  Instance one(columns());
  one.fill();
  CHECK(differs(one.run().at("vector").value, {0.25896281,
                                               0.100496445,
                                               -0.1052349683,
                                               0.01247419873,
                                               -0.1835573673,
                                               -0.2932590353,
                                               0,
                                               0.6442176872,
                                               0.005044170145,
                                               0.1970959796,
                                               0.2964504702,
                                               0.01247419873,
                                               -0.1835573673,
                                               -0.2932590353,
                                               0.98544973,
                                               0.8632093666,
                                               0,
                                               0.1932653062,
                                               0.295634919,
                                               0,
                                               0,
                                               0,
                                               0.3349881502,
                                               -0.3507832277,
                                               -0.2614727317,
                                               -0.2947357838,
                                               -0.1893799914,
                                               0.01247419873,
                                               -0.1835573673,
                                               -0.2932590353,
                                               -0.8715757724,
                                               -0.9824526126}) == "");
}

TEST_CASE("feature_embedding's vectors are those of `vector` apart") {
  Instance one(columns());
  one.fill();
  const auto out = one.run();
  CHECK(out.at("vectors").value.sizes() == at::IntArrayRef{4, 2, 3});
  CHECK(differs(out.at("vectors").value.flatten(1), out.at("vector").value.narrow(1, 0, 6), 0) == "");
}
