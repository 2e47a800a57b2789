// Accumulated batches against one large one, with losses whose counts differ from batch to batch.
#include "train/gradients.h"

#include "tests/toys/ids.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sin.h>

#include <cmath>
#include <limits>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::train;

namespace {

using namespace recipe::testing;

// Two weights; a loss "a" over all rows, and "b" over those that a mask leaves.
struct Case {
  recipe::Plan plan;
  std::vector<graph::NamedWeight> weights;
  at::Tensor x = at::sin(at::arange(30, at::TensorOptions().dtype(at::kDouble))).view({10, 3});

  explicit Case(bool second_counts_rows = false) {
    plan.train.rows = 0_id;
    for (const auto* name : {"a", "b"}) {
      recipe::NodePlan node;
      node.name = name;
      recipe::Type type;
      type.dims = {recipe::AxisRows{0_id}};
      type.optional_rows = std::string(name) == "b" && !second_counts_rows;
      node.outputs = {{type}};
      plan.nodes.push_back(node);
    }
    for (const double start : {0.3, -0.7})
      weights.push_back({.name = "w",
                         .value = at::full({3}, start, at::TensorOptions().dtype(at::kDouble)).set_requires_grad(true),
                         .node = 0_id});
  }

  // The losses of rows [from, from + n); "b" leaves out every row that 3 divides.
  std::vector<graph::LossValue> losses(std::int64_t from, std::int64_t n, bool masked = true) {
    const auto rows = x.narrow(0, from, n);
    const auto a = rows.matmul(weights[0].value).square();
    auto b = (rows.matmul(weights[0].value) * rows.matmul(weights[1].value)).exp();
    std::int64_t count = n;
    if (masked) {
      const auto keep = (at::arange(from, from + n, at::TensorOptions().dtype(at::kLong)) % 3).ne(0);
      b = b.masked_fill(keep.logical_not(), 0);
      count = keep.sum().item<std::int64_t>();
    }
    return {{0_id, a.sum() * 0.5, a.sum().item<double>(), 0.5, n},
            {1_id, b.sum() * 2, b.sum().item<double>(), 2, count}};
  }

  std::vector<at::Tensor> step(const std::vector<std::int64_t>& sizes, bool masked = true) {
    for (auto& w : weights) w.value.mutable_grad().reset();
    Gradients gradients(plan, weights);
    std::int64_t from = 0;
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      CHECK(gradients.add(losses(from, sizes[k], masked), k + 1 == sizes.size()));
      from += sizes[k];
    }
    return {weights[0].value.grad().clone(), weights[1].value.grad().clone()};
  }
};

double distance(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double out = 0;
  for (std::size_t k = 0; k < a.size(); ++k) out = std::max(out, (a[k] - b[k]).abs().max().item<double>());
  return out;
}

// Sums of some 30 products of numbers below 20, in double: 30 * 20 * 2^-53, with room for exp and division.
constexpr double rounding = 1e-12;

}  // namespace

TEST_CASE("batches of a step give the gradient of all their rows, whatever their sizes and masks") {
  Case c;
  const auto whole = c.step({10});
  for (const std::vector<std::int64_t>& sizes :
       {std::vector<std::int64_t>{5, 5}, {9, 1}, {1, 9}, {4, 4, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}})
    CHECK(distance(whole, c.step(sizes)) < rounding);
  // A mean of the batches' means is another gradient.
  const auto nine = c.step({9});
  CHECK(distance(whole, nine) > 1e-3);
}

TEST_CASE("losses that count the batch's rows are run backward together") {
  Case c(true);
  CHECK(distance(c.step({10}, false), c.step({7, 3}, false)) < rounding);
}

TEST_CASE("a batch in which a loss counts no row changes nothing of it; a gradient that is not finite is told") {
  Case c;
  // Row 0 alone: "b" has no row in this batch.
  CHECK(distance(c.step({10}), c.step({1, 9})) < rounding);
  Gradients gradients(c.plan, c.weights);
  auto losses = c.losses(0, 5);
  losses[0].total = losses[0].total * std::numeric_limits<double>::infinity();
  CHECK_FALSE(gradients.add(losses, false));
  gradients.clear();
  for (auto& w : c.weights) w.value.mutable_grad().reset();
  CHECK(distance(c.step({10}), c.step({5, 5})) < rounding);  // nothing of the broken step is left
}
