// Bayesian personalised ranking: conformance, golden values (tools/goldens/losses.py), rows that are left out.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case five_rows() {
  Case c{"bpr"};
  c.inputs["query"] = {wave({5, 4})};
  c.inputs["item"] = {wave({5, 4}, 0.5, 0.9)};
  c.inputs["negative"] = {wave({5, 3, 4}, 1, 0.6)};
  return c;
}

// Row 0 has one negative, row 1 none, row 2 lacks the query, row 3 the item.
Case hidden() {
  auto c = five_rows();
  c.inputs["negative"] = {c.inputs["negative"][0].hide({{0, 0}, {0, 2}, {1, 0}, {1, 1}, {1, 2}})};
  c.inputs["query"] = {c.inputs["query"][0].hide({{2}})};
  c.inputs["item"] = {c.inputs["item"][0].hide({{3}})};
  return c;
}

}  // namespace

TEST_CASE("bpr conforms") {
  CHECK(check(five_rows()) == "");
  CHECK(check(hidden()) == "");
}

TEST_CASE("bpr's golden values") {
  CHECK(differs(Instance(five_rows(), at::kDouble).run().at("loss").value,
                {0.5891005668, 0.8412148592, 1.644595808, 2.339837444, 1.747463148}, 1e-9) == "");
}

TEST_CASE("a row is the mean over the negatives that it has, and left out without any") {
  const auto out = Instance(hidden(), at::kDouble).run().at("loss");
  CHECK(differs(out.mask.to(at::kDouble), {1, 0, 0, 0, 1}) == "");
  CHECK(differs(out.value, {0.02835629836, 0, 0, 0, 1.747463148}, 1e-9) == "");
}

TEST_CASE("scores far apart cost their difference, and nothing, without overflow") {
  Case c{"bpr"};
  c.inputs["query"] = {numbers({100, 100}, {2, 1})};
  c.inputs["item"] = {numbers({-20, 20}, {2, 1})};
  c.inputs["negative"] = {numbers({30, -30}, {2, 1, 1})};
  CHECK(differs(Instance(c).run().at("loss").value, {5000, 0}) == "");
}
