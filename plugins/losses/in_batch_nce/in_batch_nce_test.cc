// In-batch contrastive loss: conformance, golden values (tools/goldens/losses.py), rows that are no negatives.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case pairs(bool normalize, bool symmetric) {
  Case c{"in_batch_nce"};
  c.values = {{"normalize", normalize}, {"symmetric", symmetric}};
  c.scalars = {{"temperature", 0.2}};
  c.inputs["query"] = {wave({5, 4})};
  c.inputs["item"] = {wave({5, 4}, 0.5, 0.9)};
  return c;
}

Case hidden(Case c) {  // row 1 lacks the query, row 4 the item
  c.inputs["query"] = {c.inputs["query"][0].hide({{1}})};
  c.inputs["item"] = {c.inputs["item"][0].hide({{4}})};
  return c;
}

}  // namespace

TEST_CASE("in_batch_nce conforms") {
  CHECK(check(pairs(false, false)) == "");
  CHECK(check(pairs(true, true)) == "");
  CHECK(check(hidden(pairs(true, true))) == "");
  auto c = pairs(true, true);
  c.inputs["item_key"] = {wholes({1, 2, 3, 2, 1}, {5})};
  c.inputs["query_key"] = {wholes({7, 8, 7, 9, 10}, {5})};
  CHECK(check(c) == "");
}

TEST_CASE("in_batch_nce's golden values") {
  CHECK(differs(Instance(pairs(false, false)).run().at("loss").value,
                {0.322060537, 10.17502661, 16.94379066, 19.57647301, 16.18322525}) == "");
  CHECK(differs(Instance(pairs(true, true)).run().at("loss").value,
                {0.27546578, 4.979528621, 8.479646446, 10.33373585, 8.64280736}) == "");
}

TEST_CASE("rows without query or item are nobody's negatives") {
  const auto out = Instance(hidden(pairs(true, false))).run().at("loss");
  REQUIRE(out.mask.defined());
  CHECK(differs(out.mask.to(at::kDouble), {1, 0, 1, 1, 0}) == "");
  CHECK(differs(out.value.mul(out.mask.to(at::kFloat)), {0.3665453604, 0, 8.421638998, 9.709332334, 0}) == "");
}

TEST_CASE("rows of the same entity are no negatives") {
  auto c = pairs(true, true);
  c.inputs["query_key"] = {wholes({7, 8, 7, 9, 10}, {5})};
  c.inputs["item_key"] = {wholes({1, 2, 3, 2, 1}, {5})};
  CHECK(differs(Instance(c).run().at("loss").value,
                {0.247661709, 4.979296004, 8.471238839, 10.33361109, 8.642640351}) == "");
}
