// The bipartite sum against its plain loops, and its gradient against LibTorch's operators and finite differences.
#include "kernels/bipartite_sum.h"

#include "kernels/bipartite_sum_autograd.h"

#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randperm.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

// LibTorch's logging has macros of these names; doctest comes last so that its own are meant.
#undef CHECK
#undef CHECK_EQ
#undef CHECK_NE
#undef CHECK_GT
#undef CHECK_LT
#undef CHECK_GE
#undef CHECK_LE
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

namespace {

using braid::kernels::bipartite_layout;
using braid::kernels::bipartite_mean;
using braid::kernels::bipartite_mean_by_operators;
using Pair = std::pair<at::Tensor, at::Tensor>;

struct Graph {
  at::Tensor user, item, from, to;  // edges lead from users to items; some are said twice, some lead nowhere
  Graph(std::int64_t users, std::int64_t items, std::int64_t edges, std::int64_t dim, at::ScalarType type = at::kFloat)
      : user(at::randn({users, dim}, type)),
        item(at::randn({items, dim}, type)),
        from(at::randint(-1, users + 1, {edges}, at::kLong)),
        to(at::randint(-1, items + 1, {edges}, at::kLong)) {}
};

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

Pair plain(const Graph& g, const at::Tensor& user, const at::Tensor& item, std::int64_t layers) {
  const auto u = user.to(at::kDouble).contiguous(), i = item.to(at::kDouble).contiguous();
  auto out_u = u.clone(), out_i = i.clone();
  braid::kernels::bipartite_mean_plain(u.const_data_ptr<double>(), i.const_data_ptr<double>(),
                                       g.from.const_data_ptr<std::int64_t>(), g.to.const_data_ptr<std::int64_t>(),
                                       g.from.numel(), u.size(0), i.size(0), u.size(1), layers,
                                       out_u.mutable_data_ptr<double>(), out_i.mutable_data_ptr<double>());
  return {out_u, out_i};
}

// All weights are positive, so the same mean over |x| bounds what rounding may do: a layer's error is at most one
// rounding for each neighbour and four for scaling and adding, a layer's input has those of the layers before.
bool within(const at::Tensor& got, const at::Tensor& want, const at::Tensor& bound, std::int64_t layers,
            std::int64_t degree, double unit) {
  const auto allowed = bound.mul(unit * static_cast<double>((layers + 1) * (degree + 4)));
  return got.to(at::kDouble).sub(want).abs().le(allowed).all().item<bool>();
}

Pair gradients(const Graph& g, std::int64_t layers, const Pair& seed, bool by_operators) {
  const auto user = g.user.detach().clone().set_requires_grad(true);
  const auto item = g.item.detach().clone().set_requires_grad(true);
  const auto out = (by_operators ? bipartite_mean_by_operators : bipartite_mean)(user, item, g.from, g.to, layers);
  const auto grads = torch::autograd::grad({out.first, out.second}, {user, item}, {seed.first, seed.second});
  return {grads[0], grads[1]};
}

}  // namespace

TEST_CASE("the layout lists each neighbour once, ascending, and leaves out who is unknown or not there") {
  const std::vector<std::int64_t> from = {2, 1, 2, 0, 2, 1, 4, -1, 3, 2, 1}, to = {3, 1, 1, 1, 3, 0, 1, 2, 9, 2, 1};
  const auto out = bipartite_layout(from.data(), to.data(), 11, 4, 4);
  CHECK(out.user.start == std::vector<std::int64_t>{0, 0, 1, 4, 4});
  CHECK(out.user.other == std::vector<std::int32_t>{1, 1, 2, 3});
  CHECK(out.item.start == std::vector<std::int64_t>{0, 0, 2, 3, 4});
  CHECK(out.item.other == std::vector<std::int32_t>{1, 2, 2, 2});
  CHECK(out.user.scale == std::vector<float>{0, 1, 1 / std::sqrt(3.0F), 0});
  CHECK(out.item.scale == std::vector<float>{0, 1 / std::sqrt(2.0F), 1, 1});
  const auto none = bipartite_layout(nullptr, nullptr, 0, 0, 1);
  CHECK(none.user.start == std::vector<std::int64_t>{0});
  CHECK(none.item.start == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("kernel and operators agree with the plain loops") {
  struct Sizes {
    std::int64_t users, items, edges, dim;
  };
  const Sizes sizes[] = {{0, 0, 0, 4},     {1, 1, 3, 8},      {2, 2, 1, 1},     {2, 5, 0, 3},
                         {5, 3, 12, 0},    {7, 9, 40, 7},     {9, 7, 30, 8},    {40, 30, 300, 33},
                         {13, 60, 90, 64}, {60, 50, 900, 75}, {4, 300, 900, 96}};
  for (const auto& s : sizes)
    for (const std::int64_t layers : {0, 1, 2, 3, 5}) {
      CAPTURE(s.users);
      CAPTURE(s.dim);
      CAPTURE(layers);
      const Graph g(s.users, s.items, s.edges, s.dim);
      const auto degree = std::max(s.users, s.items);
      const auto want = plain(g, g.user, g.item, layers), bound = plain(g, g.user.abs(), g.item.abs(), layers);
      const auto fast = bipartite_mean(g.user, g.item, g.from, g.to, layers);
      CHECK(within(fast.first, want.first, bound.first, layers, degree, std::ldexp(1, -24)));
      CHECK(within(fast.second, want.second, bound.second, layers, degree, std::ldexp(1, -24)));
      const auto slow = bipartite_mean(g.user.to(at::kDouble), g.item.to(at::kDouble), g.from, g.to, layers);
      CHECK(slow.first.is_same(slow.first.to(at::kDouble)));
      CHECK(within(slow.first, want.first, bound.first, layers, degree, std::ldexp(1, -52)));
      CHECK(within(slow.second, want.second, bound.second, layers, degree, std::ldexp(1, -52)));
    }
}

TEST_CASE("the gradient is that of the operators, and theirs agrees with differences in double") {
  const Graph g(30, 20, 200, 40);
  const Pair seed = {at::randn({30, 40}), at::randn({20, 40})};
  const auto got = gradients(g, 3, seed, false), want = gradients(g, 3, seed, true);
  const auto bound = plain(g, seed.first.abs(), seed.second.abs(), 3);
  // Both sides round.
  CHECK(within(got.first, want.first.to(at::kDouble), bound.first, 3, 2 * 30, std::ldexp(1, -24)));
  CHECK(within(got.second, want.second.to(at::kDouble), bound.second, 3, 2 * 30, std::ldexp(1, -24)));

  const Graph d(6, 5, 14, 2, at::kDouble);
  const Pair weigh = {at::randn({6, 2}, at::kDouble), at::randn({5, 2}, at::kDouble)};
  const auto along = at::randn({6, 2}, at::kDouble);
  const auto total = [&](const at::Tensor& user) {
    const auto out = bipartite_mean(user, d.item, d.from, d.to, 2);
    return out.first.mul(weigh.first).sum().add(out.second.mul(weigh.second).sum()).item<double>();
  };
  // Linear in the users: nothing but rounding is left, about 30 * 2^-53 / step.
  const double step = 1e-3;
  const double change = (total(d.user.add(along, step)) - total(d.user.sub(along, step))) / (2 * step);
  const auto slope = gradients(d, 2, weigh, false).first.mul(along).sum().item<double>();
  CHECK(std::abs(change - slope) < 1e-10);
}

TEST_CASE("the gradient's gradient is the sum again") {
  const Graph g(12, 15, 60, 9);
  const auto user = g.user.clone().set_requires_grad(true), item = g.item.clone().set_requires_grad(true);
  const auto seed = at::randn({12, 9}).set_requires_grad(true);
  const auto out = bipartite_mean(user, item, g.from, g.to, 2);
  const auto first = torch::autograd::grad({out.first}, {user}, {seed}, true, true);
  const auto outer = at::randn({12, 9});
  const auto second = torch::autograd::grad({first[0]}, {seed}, {outer});
  CHECK(second[0].equal(bipartite_mean(outer, item.detach().mul(0), g.from, g.to, 2).first));
}

TEST_CASE("the same bits for every number of threads and every order of the edges") {
  const Graph g(700, 500, 40000, 64);
  const Pair seed = {at::randn({700, 64}), at::randn({500, 64})};
  const auto before = at::get_num_threads();
  const auto want = bipartite_mean(g.user, g.item, g.from, g.to, 3);
  const auto slope = gradients(g, 3, seed, false);
  for (int run = 0; run < 8; ++run) {
    at::set_num_threads(run % 4 + 1);
    Graph other = g;
    const auto order = at::randperm(40000, at::kLong);
    other.from = g.from.index_select(0, order);
    other.to = g.to.index_select(0, order);
    const auto got = bipartite_mean(g.user, g.item, other.from, other.to, 3);
    CHECK(same_bits(got.first, want.first));
    CHECK(same_bits(got.second, want.second));
    const auto again = gradients(other, 3, seed, false);
    CHECK(same_bits(again.first, slope.first));
    CHECK(same_bits(again.second, slope.second));
  }
  at::set_num_threads(before);
}

TEST_CASE("half precision sums in float; strides are read") {
  const Graph g(40, 30, 500, 16);
  const auto low_user = g.user.to(at::kBFloat16), low_item = g.item.to(at::kBFloat16);
  const auto low = bipartite_mean(low_user, low_item, g.from, g.to, 2);
  const auto high = bipartite_mean(low_user.to(at::kFloat), low_item.to(at::kFloat), g.from, g.to, 2);
  CHECK(low.first.equal(high.first.to(at::kBFloat16)));
  CHECK(low.second.equal(high.second.to(at::kBFloat16)));

  const auto user = at::randn({16, 40}).t();
  const auto ends = at::randint(0, 30, {500, 2}, at::kLong);
  const auto got = bipartite_mean(user, g.item, ends.select(1, 0), ends.select(1, 1), 2);
  const auto want =
      bipartite_mean(user.contiguous(), g.item, ends.select(1, 0).contiguous(), ends.select(1, 1).contiguous(), 2);
  CHECK(got.first.equal(want.first));
  CHECK(got.second.equal(want.second));
}

TEST_CASE("sizes that do not fit are refused") {
  const Graph g(4, 3, 5, 2);
  CHECK_THROWS_WITH_AS(bipartite_mean(g.user, at::randn({3, 5}), g.from, g.to, 1), doctest::Contains("of one dim"),
                       c10::Error);
  CHECK_THROWS_WITH_AS(bipartite_mean(g.user, g.item, g.from, at::tensor({1, 2}, at::kLong), 1),
                       doctest::Contains("two ends"), c10::Error);
  CHECK_THROWS_WITH_AS(bipartite_mean(g.user, g.item, g.from.to(at::kInt), g.to.to(at::kInt), 1),
                       doctest::Contains("int64"), c10::Error);
}
