// Vectors side by side: conformance, golden values (tools/goldens/fusions.py).
#include <braid/conform.h>

#include <ATen/core/Tensor.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two() {
  Case c{"concat"};
  c.values = {{"drop", 0.3}};
  c.inputs["inputs"] = {wave({3, 2}), wave({3, 3}, 1).hide({{1}})};
  return c;
}

}  // namespace

TEST_CASE("concat conforms") {
  CHECK(check(two()) == "");
  Case one{"concat"};
  one.inputs["inputs"] = {wave({3, 4})};
  CHECK(check(one) == "");
}

TEST_CASE("concat's golden values: a learnt vector where a row is absent") {
  Instance one(two());
  one.fill();
  CHECK(differs(one.run().at("vector").value, {0, 0.6442176872, 0.8414709848, 0.9916648105, 0.6754631806, 0.98544973,
                                               0.8632093666, 0.2524412954, 0.2974994431, 0.2026389542, 0.3349881502,
                                               -0.3507832277, -0.8834546557, -0.3738766648, 0.3115413635}) == "");
}

TEST_CASE("no stand-in is made for an input that the host knows to be always there") {
  auto c = two();
  c.sizes["inputs.0.optional"] = 0;
  Instance one(c);
  CHECK(one.weight("absent.0.vector").numel() == 0);
  CHECK(one.weight("absent.1.vector").numel() == 3);
  CHECK(one.run().at("vector").value.size(1) == 5);
}
