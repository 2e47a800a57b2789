#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/alone.h"

#include <braid/weights.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <doctest/doctest.h>

#include <limits>

using namespace braid;
using namespace braid::train;

namespace {

// The value of sqrt is sound at 0, its gradient is not.
struct Root final : Tower {
  static constexpr About about{.summary = "sqrt(x * scale)"};
  In x{*this, "x", "float[rows]", "what the root is taken of"};
  Weight scale{*this, "scale", {"1"}, {Start::one}};
  Out y{*this, "y", "float[rows]", "the root"};
  void run(Frame& f) override { f[y] = (f[x] * scale()).sqrt(); }
};

std::unique_ptr<Component> make_root() { return std::make_unique<Root>(); }

struct Made {
  std::unique_ptr<Component> component = construct(make_root, {}, {});
  FrameState frame;
  explicit Made(std::vector<float> x) {
    set_sizes(*component, {{"x.0.rows", static_cast<std::int64_t>(x.size())}});
    make_weights(*component, "root", 1, at::kFloat);
    prepare_frame(frame, *component);
    frame.node = "root";
    frame.inputs[0].push_back({at::tensor(x), {}, {}, {}});
  }
};

constexpr float inf = std::numeric_limits<float>::infinity(), not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("rows with a value that is no number, but for places that are masked") {
  const auto value = at::tensor(std::vector<float>{1, not_a_number, 2, 3, inf, 4}).view({3, 2});
  CHECK(rows_not_finite(value, {}).equal(at::tensor(std::vector<std::int64_t>{1, 0, 1}).to(at::kBool)));
  const auto mask = at::tensor(std::vector<std::int64_t>{1, 0, 1, 1, 1, 1}).to(at::kBool).view({3, 2});
  CHECK(rows_not_finite(value, mask).equal(at::tensor(std::vector<std::int64_t>{0, 0, 1}).to(at::kBool)));
  CHECK(rows_not_finite(value, mask.select(1, 1)).equal(at::tensor(std::vector<std::int64_t>{0, 0, 1}).to(at::kBool)));
  CHECK_FALSE(rows_not_finite(at::tensor(std::vector<std::int64_t>{1}), {}).defined());
  CHECK(rows_not_finite(at::tensor(not_a_number), {}).numel() == 1);
  CHECK(rows_not_finite(at::tensor(std::vector<float>{}), {}).numel() == 0);
}

TEST_CASE("a sound node is found sound") {
  Made made({1, 4, 9});
  CHECK(run_alone(made.frame, {{at::tensor(std::vector<float>{1, 1, 1})}}).empty());
  CHECK(made.frame.outputs[0][0].value.equal(at::tensor(std::vector<float>{1, 2, 3})));
  CHECK_FALSE(made.component->state().weights[0].value.grad().defined());
}

TEST_CASE("an output that is no number is named with its rows") {
  Made made({1, -1, 4});
  const auto found = run_alone(made.frame, {});
  REQUIRE(found.size() == 1);
  CHECK(found[0].where == NotFinite::Where::output);
  CHECK(found[0].rows.nonzero().flatten().equal(at::tensor(std::vector<std::int64_t>{1})));
  CHECK(words(made.frame, found[0]) == "output 'y' is nan in 1 of 3 rows");
}

TEST_CASE("a gradient that is no number though the value is") {
  Made made({4, 0});
  const auto found = run_alone(made.frame, {{at::tensor(std::vector<float>{1, 1})}});
  REQUIRE(found.size() == 2);
  CHECK(words(made.frame, found[0]) == "the gradient of input 'x' is infinite in 1 of 2 rows");
  CHECK(words(made.frame, found[1]) == "the gradient of weight 'scale' is nan in 1 of 1 row");
  CHECK_FALSE(made.component->state().weights[0].value.grad().defined());
}

TEST_CASE("an input that came so") {
  const Made made({4, inf});
  const auto found = look(made.frame, true, false);
  REQUIRE(found.size() == 1);
  CHECK(words(made.frame, found[0]) == "input 'x' is infinite in 1 of 2 rows");
}
