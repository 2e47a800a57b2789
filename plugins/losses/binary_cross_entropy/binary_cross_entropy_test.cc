// Binary cross-entropy: conformance, golden values (tools/goldens/losses.py), missing labels.
#include <braid/conform.h>

#include <limits>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

const double missing = std::numeric_limits<double>::quiet_NaN();

Case click() {
  Case c{"binary_cross_entropy"};
  c.inputs["logit"] = {wave({6}, 0, 0.7, 4)};
  c.inputs["label"] = {numbers({1, 0, 0.25, 1, 0, 1}, {6})};
  c.constants = {"label", "importance"};
  return c;
}

}  // namespace

TEST_CASE("binary_cross_entropy conforms") {
  CHECK(check(click()) == "");
  auto c = click();
  c.values["smoothing"] = 0.2;
  c.inputs["importance"] = {wave({6}, 1)};
  c.inputs["label"] = {c.inputs["label"][0].hide({{1}, {4}})};
  CHECK(check(c) == "");
}

TEST_CASE("binary_cross_entropy's golden values") {
  CHECK(differs(Instance(click()).run().at("loss").value,
                {0.6931471806, 2.65013189, 2.975576417, 0.03116497464, 1.572537902, 1.622931359}) == "");
  auto c = click();
  c.values["smoothing"] = 0.2;
  c.inputs["importance"] = {wave({6}, 1)};
  CHECK(differs(Instance(c).run().at("loss").value,
                {0.5832632406, 2.372503334, 1.876765309, 0.0156529872, -0.880183667, -1.449303814}) == "");
}

TEST_CASE("large logits keep their digits") {
  auto c = click();
  c.inputs["logit"] = {numbers({100, 100, -100, -100, 1e4, -1e4}, {6})};
  c.inputs["label"] = {numbers({1, 0, 1, 0, 0, 1}, {6})};
  CHECK(differs(Instance(c).run().at("loss").value, {0, 100, 100, 0, 1e4, 1e4}) == "");
}

TEST_CASE("a row without a label is left out: absent or not a number") {
  auto c = click();
  c.inputs["label"] = {numbers({1, missing, 0.25, 1, missing, 1}, {6}).hide({{3}})};
  Instance at_work(c);
  auto& logits = at_work.inputs[0][0].value;
  logits.set_requires_grad(true);
  const auto out = at_work.run().at("loss");
  CHECK(differs(out.value, {0.6931471806, 0, 2.975576417, 0, 0, 1.622931359}) == "");
  REQUIRE(out.mask.defined());
  const auto known = out.mask.to(at::kDouble);
  CHECK(differs(known, {1, 0, 1, 0, 0, 1}) == "");
  out.value.sum().backward();
  const auto& grad = logits.grad();
  CHECK_FALSE(grad.isnan().any().item<bool>());
  CHECK(grad.ne(0).to(at::kDouble).equal(known));
}
