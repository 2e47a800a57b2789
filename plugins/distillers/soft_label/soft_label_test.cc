// Soft labels: conformance, golden values (tools/goldens/losses.py), the gradient's size over temperatures.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case pair(double temperature) {
  Case c{"soft_label"};
  c.scalars = {{"temperature", temperature}};
  c.inputs["student"] = {wave({5}, 0, 0.7, 3)};
  c.inputs["teacher"] = {wave({5}, 1, 0.9, 2)};
  return c;
}

}  // namespace

TEST_CASE("soft_label conforms") {
  CHECK(check(pair(2.5)) == "");
  auto c = pair(1);
  c.inputs["teacher"] = {c.inputs["teacher"][0].hide({{0}, {3}})};
  CHECK(check(c) == "");
}

TEST_CASE("soft_label's golden values") {
  CHECK(differs(Instance(pair(2.5)).run().at("loss").value,
                {4.332169878, 3.914752424, 4.874153569, 5.811393332, 4.932152005}) == "");
}

TEST_CASE("high temperatures match logits: the gradient tends to (student - teacher) / 4") {
  Instance at_work(pair(100), at::kDouble);
  auto &student = at_work.inputs[0][0].value, &teacher = at_work.inputs[1][0].value;
  student.set_requires_grad(true);
  at_work.run().at("loss").value.sum().backward();
  const auto want = student.detach().sub(teacher).div(4);
  CHECK(differs(student.grad(), want, 1e-3) == "");
}
