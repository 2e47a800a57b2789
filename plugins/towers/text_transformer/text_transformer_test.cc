// The transformer over texts: conformance, golden values (tools/goldens/towers.py).
#include <braid/conform.h>

#include <ATen/core/Tensor.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case one_text() {
  Case c{"text_transformer"};
  c.values = {{"dim", std::int64_t{8}}, {"layers", std::int64_t{2}}, {"heads", std::int64_t{2}}, {"drop", 0.2}};
  c.inputs["tokens"] = {
      ids({4, 5}, 11).hide({{1, 3}, {1, 4}, {2, 0}, {2, 1}, {2, 2}, {2, 3}, {2, 4}, {3, 1}, {3, 2}, {3, 3}, {3, 4}})};
  return c;
}

Case two_texts() {
  auto c = one_text();
  c.inputs["tokens"] = {
      ids({4, 3}, 11).hide({{1, 0}, {1, 1}, {1, 2}, {3, 2}}),
      ids({4, 4}, 11, 2).hide({{1, 2}, {1, 3}, {2, 0}, {2, 1}, {2, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}})};
  return c;
}

}  // namespace

TEST_CASE("text_transformer conforms: one text, several, none hidden") {
  CHECK(check(one_text()) == "");
  CHECK(check(two_texts()) == "");
  auto c = one_text();
  c.inputs["tokens"] = {ids({3, 4}, 11)};
  c.values["hidden"] = std::int64_t{5};
  CHECK(check(c) == "");
  c.values["layers"] = std::int64_t{0};
  c.unwanted = {"tokens"};
  CHECK(check(c) == "");
}

TEST_CASE("text_transformer's golden values: each row as if it stood alone without padding") {
  // Ids that the mask hides are zeroed by hide(); the golden script never reads them.
  Instance one(one_text());
  one.fill();
  const auto out = one.run();
  CHECK(differs(out.at("vector").value,
                {0.5805795878,
                 0.4194078485,
                 -0.09317833002,
                 -0.1327863048,
                 0.2365116292,
                 0.2863712865,
                 -0.5814905016,
                 -1.315224821,
                 1.0110331,
                 0.5451987308,
                 0.1946016445,
                 0.2721733909,
                 0.251179081,
                 -0.5134254245,
                 -1.536090112,
                 -1.259116992,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 1.083038456,
                 0.5155765018,
                 0.2281306014,
                 -0.1931522759,
                 -0.9360141165,
                 -1.383399923,
                 -0.4393243066,
                 1.282209505},
                2e-5) == "");
  CHECK(out.at("vector").mask.equal(out.at("tokens").mask.any(1)));
  CHECK_FALSE(out.at("vector").mask[2].item<bool>());

  Instance two(two_texts());
  two.fill();
  CHECK(
      differs(two.run().at("vector").value,
              {-0.04991051131, -0.5326236623, -0.7719573359, 0.07200630182, 1.208945395,   1.045202123,  0.08581461209,
               -0.2441160048,  0.1054468002,  -0.8078133274, -1.026271102,  0.3118257854,  1.518499964,  0.8508997977,
               -0.1541672711,  0.03279408301, 0.34951577,    -0.8238782933, -1.313598545,  0.2295991066, 1.837884181,
               1.023743369,    -0.3706429891, -0.1082546661, 0.4679203414,  -0.7982784888, -1.489948024, 0.08839767043,
               2.000590399,    1.255872923,   -0.4020688589, -0.2750881881},
              2e-5) == "");
}

TEST_CASE("more padding changes nothing, in training too") {
  const auto short_one = one_text();
  auto long_one = short_one;
  const auto& flow = short_one.inputs.at("tokens")[0].flow;
  auto wide = wholes(std::vector<std::int64_t>(4 * 40, 0), {4, 40});
  wide.flow.mask = wide.flow.value.ne(0);
  wide.flow.value.narrow(1, 0, 5).copy_(flow.value);
  wide.flow.mask.narrow(1, 0, 5).copy_(flow.mask);
  wide.id_rows = 11;
  long_one.inputs["tokens"] = {wide};
  auto narrow_one = short_one;
  narrow_one.sizes["tokens.0.places"] = 40;  // the same bound, so the same weights
  Instance a(narrow_one), b(long_one);
  for (const bool training : {false, true}) {
    const auto x = a.run({.training = training}), y = b.run({.training = training});
    CHECK(x.at("vector").value.equal(y.at("vector").value));
    CHECK(x.at("tokens").value.equal(y.at("tokens").value.narrow(1, 0, 5)));
  }
}

TEST_CASE("a text longer than its field promised is an error") {
  auto c = one_text();
  c.sizes["tokens.0.places"] = 4;
  Instance one(c);
  CHECK_THROWS_AS(one.run(), Error);
}
