// The gated sum: conformance, golden values (tools/goldens/fusions.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two(const std::string& gate) {
  Case c{"gated"};
  c.values = {{"dim", std::int64_t{4}}, {"gate", gate}};
  c.inputs["inputs"] = {wave({3, 2}), wave({3, 3}, 1).hide({{1}})};
  return c;
}

}  // namespace

TEST_CASE("gated conforms") {
  for (const auto* gate : {"sigmoid", "softmax"}) {
    CHECK(check(two(gate)) == "");
    auto c = two(gate);
    c.inputs["inputs"] = {wave({4, 2}).hide({{0}, {1}, {2}, {3}})};
    CHECK(check(c) == "");
  }
}

TEST_CASE("gated's golden values, row by row") {
  const auto vector = [](const std::string& gate) {
    Instance at_work(two(gate));
    at_work.fill();
    return at_work.run().at("vector").value;
  };
  CHECK(differs(vector("sigmoid"),
                {-0.3759286543, 0.3145359851, 0.2925148228, -0.27896999, 0.2393431458, 0.2710059845, 0.09178194574,
                 -0.2143066447, 0.07673996778, 0.06275445696, 0.005805326405, 0.2699305112}) == "");
  CHECK(differs(vector("softmax"),
                {-0.4969610193, 0.3399670505, 0.3351414134, -0.2501586927, 0.3963150304, 0.670896648, 0.2077640043,
                 -0.46181253, 0.0860021992, 0.01119128437, 0.0176464659, 0.3301526184}) == "");
}

TEST_CASE("a row without any input is zeros") {
  auto c = two("softmax");
  c.inputs["inputs"] = {wave({2, 2}).hide({{1}})};
  Instance at_work(c);
  at_work.fill();
  CHECK(differs(at_work.run().at("vector").value.select(0, 1), {0, 0, 0, 0}) == "");
}
