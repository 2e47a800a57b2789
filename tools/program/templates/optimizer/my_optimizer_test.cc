// Golden values by hand. `braid conform my_optimizer` looks at what every optimizer must satisfy.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

at::Tensor three(const std::vector<double>& values) { return numbers(values, {3}).flow.value; }

}  // namespace

TEST_CASE("my_optimizer moves by the learning rate, against the mean's sign") {
  OptimizerAtWork one("my_optimizer", {{"beta", 0.5}}, three({1, 1, 1}));
  one.step(three({4, -4, 0}), 0.125);
  CHECK(one.weight.equal(three({0.875, 1.125, 1})));
  one.step(three({-1, -1, 0}), 0.125);  // means 0.5 and -1.5
  CHECK(one.weight.equal(three({0.75, 1.25, 1})));
}
