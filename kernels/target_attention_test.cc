// The fused target attention against its equations in double, over sizes, masks and thread counts.
#include "kernels/target_attention_autograd.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <cstring>
#include <vector>

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

using braid::kernels::target_attention;

struct Case {
  std::int64_t rows, places, width;
  std::vector<std::int64_t> dims;
  bool softmax = true, bias = false;
};

// target, base, w_place, w_product, score, bias, then the histories.
std::vector<at::Tensor> make(const Case& c) {
  std::int64_t dims = 0;
  for (const auto d : c.dims) dims += d;
  std::vector<at::Tensor> t{
      at::randn({c.rows, dims}),           at::randn({c.rows, c.width}), at::randn({c.width, dims}).mul(0.2),
      at::randn({c.width, dims}).mul(0.2), at::randn({1, c.width}),      c.bias ? at::randn({1}) : at::Tensor()};
  for (const auto d : c.dims) t.push_back(at::randn({c.rows, c.places, d}));
  return t;
}

// The header's equations, one operator after the other.
at::Tensor plain(const std::vector<at::Tensor>& t, const at::Tensor& mask, bool softmax) {
  const auto h = at::cat(std::vector<at::Tensor>(t.begin() + 6, t.end()), 2);
  const auto z = t[1].unsqueeze(1).add(at::linear(h, t[2])).add(at::linear(h.mul(t[0].unsqueeze(1)), t[3])).relu();
  auto w = at::linear(z, t[4]).squeeze(2);
  if (t[5].defined()) w = w.add(t[5]);
  if (softmax) w = w.masked_fill(mask.logical_not(), -1e4).softmax(1);
  return w.masked_fill(mask.logical_not(), 0).unsqueeze(1).bmm(h).squeeze(1);
}

at::Tensor fused(const std::vector<at::Tensor>& t, const at::Tensor& mask, bool softmax) {
  return target_attention(std::vector<at::Tensor>(t.begin() + 6, t.end()), t[0], t[1], t[2], t[3], t[4], t[5], mask,
                          softmax);
}

template <class F>
std::vector<at::Tensor> with_gradients(const std::vector<at::Tensor>& values, at::ScalarType type,
                                       const at::Tensor& seed, F&& f) {
  std::vector<at::Tensor> leaves, out;
  for (const auto& v : values) leaves.push_back(v.defined() ? v.to(type).clone().set_requires_grad(true) : v);
  const auto result = f(leaves);
  result.backward(seed.to(type));
  out.push_back(result.detach());
  for (const auto& leaf : leaves)
    if (leaf.defined()) out.push_back(leaf.grad());
  return out;
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

}  // namespace

TEST_CASE("outputs and gradients follow the equations") {
  const std::vector<Case> cases{{7, 5, 32, {64}},
                                {1, 1, 1, {8}},
                                {0, 3, 4, {8}},
                                {3, 0, 4, {8}},
                                {9, 20, 32, {64, 32}},
                                {5, 13, 17, {24, 8}, true, true},
                                {300, 6, 12, {16}},
                                {11, 7, 9, {8, 16, 40}, false, true},
                                {6, 21, 40, {48}, false, false}};
  for (const auto& c : cases) {
    CAPTURE(c.rows);
    CAPTURE(c.places);
    CAPTURE(c.width);
    const auto values = make(c);
    auto mask = at::rand({c.rows, c.places}).lt(0.7);
    if (c.rows > 2) mask.select(0, 1).zero_();  // a row without history
    const auto seed = at::randn({c.rows, values[0].size(1)});
    const auto want =
        with_gradients(values, at::kDouble, seed, [&](const auto& t) { return plain(t, mask, c.softmax); });
    const auto got = with_gradients(values, at::kFloat, seed, [&](const auto& t) { return fused(t, mask, c.softmax); });
    REQUIRE(want.size() == got.size());
    for (std::size_t k = 0; k < want.size(); ++k) {
      CAPTURE(k);
      REQUIRE(got[k].sizes() == want[k].sizes());
      if (got[k].numel() == 0) continue;
      // Float sums of at most rows * places terms: 1e-5 of the largest entry is a hundred roundings.
      const auto scale = std::max(1.0, want[k].abs().max().item<double>());
      const auto difference = got[k].to(at::kDouble).sub(want[k]).abs().max().item<double>();
      CHECK(difference < 1e-5 * scale);
    }
  }
}

TEST_CASE("the bits do not depend on threads") {
  const Case c{1000, 9, 16, {32, 16}};
  const auto values = make(c);
  const auto mask = at::rand({c.rows, c.places}).lt(0.8);
  const auto seed = at::randn({c.rows, 48});
  const auto threads = at::get_num_threads();
  const auto run = [&](int n) {
    at::set_num_threads(n);
    return with_gradients(values, at::kFloat, seed, [&](const auto& t) { return fused(t, mask, true); });
  };
  const auto one = run(1), three = run(3);
  at::set_num_threads(threads);
  for (std::size_t k = 0; k < one.size(); ++k) CHECK(same_bits(one[k], three[k]));
}

TEST_CASE("without gradients nothing is kept and the result is the same") {
  const Case c{33, 4, 8, {16}};
  const auto values = make(c);
  const auto mask = at::rand({c.rows, c.places}).lt(0.8);
  auto leaf = values;
  leaf[0] = values[0].clone().set_requires_grad(true);
  const auto with = fused(leaf, mask, true), without = fused(values, mask, true);
  CHECK(with.requires_grad());
  CHECK_FALSE(without.requires_grad());
  CHECK(same_bits(with.detach(), without));
  const at::NoGradGuard off;
  CHECK(same_bits(fused(leaf, mask, true), without));
}

TEST_CASE("what is not a number is not hidden") {
  const Case c{2, 3, 8, {8}};
  auto values = make(c);
  values[6].select(0, 1).select(0, 2).fill_(std::numeric_limits<float>::quiet_NaN());
  const auto out = fused(values, at::rand({2, 3}).lt(2), true);
  CHECK(out[1].isnan().all().item<bool>());
  CHECK_FALSE(out[0].isnan().any().item<bool>());
}

TEST_CASE("what the fused version takes") {
  const auto t = at::zeros({2, 8});
  CHECK(braid::kernels::target_attention_takes(t, {at::zeros({2, 3, 8})}));
  CHECK_FALSE(braid::kernels::target_attention_takes(t, {at::zeros({2, 3, 4}), at::zeros({2, 3, 4})}));
  CHECK_FALSE(braid::kernels::target_attention_takes(t.to(at::kDouble), {at::zeros({2, 3, 8}, at::kDouble)}));
}
