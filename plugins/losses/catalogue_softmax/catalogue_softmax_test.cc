// Softmax over a catalogue: conformance, golden values (tools/goldens/losses.py), who is a candidate and what counts.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

// 3 rows of 4 places, 6 items of which the first is unknown. Row 0 lacks its last place; row 2 asks for nothing.
Case three_rows(const std::vector<std::int64_t>& keys = {0, 11, 12, 13, 14, 15}) {
  Case c{"catalogue_softmax"};
  c.scalars = {{"temperature", 0.5}};
  c.inputs["query"] = {wave({3, 4, 3}).hide({{0, 3}})};
  c.inputs["item"] = {wave({6, 3}, 0.5, 0.9)};
  c.inputs["key"] = {wholes(keys, {6})};
  c.inputs["answer"] = {wholes({1, 5, 2, 0, 3, 0, 4, 4, 0, 0, 6, -1}, {3, 4}).hide({{0, 3}, {2, 1}})};
  return c;
}

const std::vector<double> golden{5.796001856, 0.5805502441, 4.798759291, 0, 1.013381087, 0,
                                 2.401584006, 5.035291763,  0,           0, 0,           0};

std::vector<double> shown(const at::Tensor& mask) {
  std::vector<double> out;
  for (std::int64_t k = 0; k < mask.numel(); ++k) out.push_back(mask.flatten()[k].item<bool>());
  return out;
}

}  // namespace

TEST_CASE("catalogue_softmax conforms") {
  CHECK(check(three_rows()) == "");
  CHECK(check(three_rows({11, 0, 12, 13, 14, 0})) == "");
  auto c = three_rows();
  c.inputs["item"] = {c.inputs["item"][0].hide({{4}})};
  CHECK(check(c) == "");
}

TEST_CASE("catalogue_softmax's golden values") {
  for (const auto type : {at::kFloat, at::kDouble}) {
    const auto out = Instance(three_rows(), type).run().at("loss");
    CHECK(differs(out.value, golden) == "");
    // Places 3 of row 0 (hidden), 1 of row 1 (the unknown item) and all of row 2 (unknown, hidden, no item) are out.
    CHECK(shown(out.mask) == std::vector<double>{1, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0});
  }
}

TEST_CASE("catalogue_softmax's gradients, and in more blocks than one") {
  Case c{"catalogue_softmax"};
  c.inputs["query"] = {wave({40, 9, 5}, 0, 0.7)};
  c.inputs["item"] = {wave({5001, 5}, 0.5, 0.9)};
  std::vector<std::int64_t> keys(5001), answers(360);
  for (std::size_t k = 0; k < keys.size(); ++k) keys[k] = static_cast<std::int64_t>(k);
  for (std::size_t k = 0; k < answers.size(); ++k) answers[k] = static_cast<std::int64_t>((k * 37) % 5001);
  c.inputs["key"] = {wholes(keys, {5001})};
  c.inputs["answer"] = {wholes(answers, {40, 9})};
  Instance at_work(c, at::kDouble);
  auto& query = at_work.inputs[0][0].value.set_requires_grad(true);
  auto& item = at_work.inputs[1][0].value.set_requires_grad(true);
  const auto loss = at_work.run().at("loss").value;
  loss.mul(wave({40, 9}, 0.3, 0.2).flow.value).sum().backward();
  CHECK(differs(loss.sum().view({1}), {3460.292116}, 1e-9) == "");
  CHECK(differs(query.grad().flatten().narrow(0, 100, 5),
                {-0.08002327707, 0.1972841008, 0.3252908043, 0.2071239123, -0.0677902272}, 1e-9) == "");
  CHECK(differs(item.grad().flatten().narrow(0, 185, 5),
                {0.1669345632, 0.4163873992, 0.4700067351, 0.3025745595, -0.007163159336}, 1e-9) == "");
  CHECK(item.grad().narrow(0, 0, 1).abs().sum().item<double>() == 0);
}

TEST_CASE("the unknown item and items without vector are no candidates, wherever they stand") {
  auto moved = three_rows({15, 0, 11, 12, 13, 14});  // item k of the golden case stands at k + 1, the last at 0
  const auto item = moved.inputs["item"][0].flow.value;
  const auto order = wholes({5, 0, 1, 2, 3, 4}, {6}).flow.value;
  moved.inputs["item"] = {tensor(item.index_select(0, order))};
  moved.inputs["answer"] = {wholes({2, 0, 3, 1, 4, 1, 5, 5, 1, 1, 6, -1}, {3, 4}).hide({{0, 3}, {2, 1}})};
  CHECK(differs(Instance(moved).run().at("loss").value, golden) == "");

  auto lacking = three_rows({10, 11, 12, 13, 14, 15});  // known, but without vector
  lacking.inputs["item"] = {lacking.inputs["item"][0].hide({{0}})};
  CHECK(differs(Instance(lacking).run().at("loss").value, golden) == "");
}

TEST_CASE("a catalogue of one item leaves nothing to be wrong about, one of none nothing to ask for") {
  auto c = three_rows({0, 0, 0, 13, 0, 0});
  const auto one = Instance(c).run().at("loss");
  CHECK(one.mask.sum().item<std::int64_t>() == 1);
  CHECK(one.value.abs().sum().item<double>() == 0);
  const auto none = Instance(three_rows({0, 0, 0, 0, 0, 0})).run().at("loss");
  CHECK(none.mask.any().item<bool>() == false);
}
