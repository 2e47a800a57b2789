// The link gather's gradient: against finite differences, over runs and over thread counts.
#include "kernels/link_gather_autograd.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

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

using braid::kernels::link_gather;

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

at::Tensor gradient(const at::Tensor& value, const at::Tensor& index, const at::Tensor& seed) {
  const auto x = value.detach().clone().set_requires_grad(true);
  link_gather(x, index).backward(seed);
  return x.grad();
}

}  // namespace

TEST_CASE("shapes follow the index and the rows") {
  const auto x = at::randn({5, 2, 3});
  const auto index = at::randint(-1, 5, {4, 7}, at::kLong);
  const auto out = link_gather(x, index);
  CHECK(out.sizes() == at::IntArrayRef{4, 7, 2, 3});
  for (std::int64_t a = 0; a < 4; ++a) {
    for (std::int64_t b = 0; b < 7; ++b) {
      const auto row = index[a][b].item<std::int64_t>();
      CHECK(out[a][b].equal(row < 0 ? x[0].mul(0) : x[row]));
    }
  }
  CHECK(link_gather(x, at::randint(0, 5, {0, 7}, at::kLong)).sizes() == at::IntArrayRef{0, 7, 2, 3});
  CHECK(link_gather(at::randn({0, 3}), at::tensor({-1, -1}, at::kLong)).equal(at::randn({2, 3}).mul(0)));
  CHECK(link_gather(at::randn({3}), at::tensor({2, 0}, at::kLong)).sizes() == at::IntArrayRef{2});
}

TEST_CASE("wrong indices are refused") {
  const auto x = at::randn({5, 3});
  CHECK_THROWS_WITH_AS(link_gather(x, at::tensor({0, 5}, at::kLong)),
                       doctest::Contains("index 5 at place 1, but x has 5 rows"), c10::IndexError);
  CHECK_THROWS_WITH_AS(link_gather(x, at::tensor({0, 1}, at::kInt)), doctest::Contains("not int64"), c10::Error);
}

TEST_CASE("the gradient agrees with finite differences in double") {
  const auto x = at::randn({4, 3}, at::kDouble), seed = at::randn({9, 3}, at::kDouble);
  const auto index = at::tensor({1, 3, -1, 1, 0, 0, 3, 1, -7}, at::kLong);
  const auto got = gradient(x, index, seed);
  const double step = 1e-6;
  for (std::int64_t r = 0; r < 4; ++r) {
    for (std::int64_t k = 0; k < 3; ++k) {
      auto up = x.clone(), down = x.clone();
      up[r][k] += step;
      down[r][k] -= step;
      const auto change = link_gather(up, index).sub(link_gather(down, index)).mul(seed).sum().item<double>();
      // Linear in x: only rounding is left, about 2^-53 * |seed| * 9 / step.
      CHECK(got[r][k].item<double>() == doctest::Approx(change / (2 * step)).epsilon(1e-7));
    }
  }
  CHECK(got[2].abs().sum().item<double>() == 0);
}

TEST_CASE("the gradient's gradient is the gather again") {
  const auto x = at::randn({4, 3}, at::kDouble).set_requires_grad(true);
  const auto index = at::tensor({1, 3, -1, 1}, at::kLong);
  const auto seed = at::randn({4, 3}, at::kDouble).set_requires_grad(true);
  const auto first = torch::autograd::grad({link_gather(x, index)}, {x}, {seed}, true, true);
  const auto outer = at::randn({4, 3}, at::kDouble);
  const auto second = torch::autograd::grad({first[0]}, {seed}, {outer});
  CHECK(second[0].equal(link_gather(outer, index)));
}

TEST_CASE("the same bits in 12 runs and for every number of threads") {
  const auto x = at::randn({3000, 64});
  const auto index = at::randint(-1, 3000, {2048, 20}, at::kLong);
  const auto seed = at::randn({2048, 20, 64});
  const auto before = at::get_num_threads();
  const auto want = gradient(x, index, seed);
  for (int run = 0; run < 12; ++run) {
    at::set_num_threads(run % 4 + 1);
    CHECK(same_bits(want, gradient(x, index, seed)));
  }
  at::set_num_threads(before);
}

TEST_CASE("other floating types take the general way with the same meaning") {
  const auto x = at::randn({6, 4}).to(at::kBFloat16);
  const auto index = at::tensor({5, -1, 0, 5}, at::kLong);
  const auto seed = at::randn({4, 4}).to(at::kBFloat16);
  CHECK(link_gather(x, index).to(at::kFloat).equal(link_gather(x.to(at::kFloat), index)));
  const auto got = gradient(x, index, seed), want = gradient(x.to(at::kFloat), index, seed.to(at::kFloat));
  // Row 5 is a sum of two bfloat16 numbers: 8 bits of mantissa.
  CHECK(got.to(at::kFloat).sub(want).abs().max().item<float>() <= want.abs().max().item<float>() / 256);
}

TEST_CASE("strided inputs and gradients are read by their strides") {
  const auto x = at::randn({3, 5}).t();
  const auto index = at::tensor({4, 0, 4, 1}, at::kLong).view({2, 2}).t();
  const auto seed = at::randn({3, 2, 2}).permute({1, 2, 0});
  CHECK(link_gather(x, index).equal(link_gather(x.contiguous(), index.contiguous())));
  CHECK(gradient(x, index, seed).equal(gradient(x.contiguous(), index.contiguous(), seed.contiguous())));
}
