// The packed attention against the equation, a plain loop in double, and its gradients against the loop's differences.
#include "kernels/packed_attention_autograd.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <vector>

namespace {

using Index = std::int64_t;

at::Tensor wave(std::vector<Index> sizes, double start) {
  Index n = 1;
  for (const auto s : sizes) n *= s;
  return at::arange(n, at::TensorOptions().dtype(at::kDouble)).mul(0.7).add(start).sin().mul(2).view(sizes);
}
at::Tensor starts_of(const std::vector<Index>& lengths) {
  std::vector<Index> out{0};
  for (const auto l : lengths) out.push_back(out.back() + l);
  return at::tensor(out, at::TensorOptions().dtype(at::kLong));
}

// The equation with tensor operators in double, row by row and head by head: also says what the gradients are.
at::Tensor plain(const at::Tensor& q, const at::Tensor& kv, const std::vector<Index>& queries,
                 const std::vector<Index>& keys, Index heads, double scale, bool causal = false) {
  const auto dim = q.size(1), d = dim / heads;
  std::vector<at::Tensor> rows;
  Index a = 0, b = 0;
  for (std::size_t r = 0; r < queries.size(); ++r) {
    std::vector<at::Tensor> parts;
    for (Index h = 0; h < heads; ++h) {
      const auto mine = q.narrow(0, a, queries[r]).narrow(1, h * d, d),
                 k = kv.narrow(0, b, keys[r]).narrow(1, h * d, d),
                 v = kv.narrow(0, b, keys[r]).narrow(1, dim + h * d, d);
      auto score = mine.mm(k.t()).mul(scale);
      if (causal) score = score.masked_fill(at::ones_like(score).triu(1).gt(0), -INFINITY);
      parts.push_back(keys[r] == 0 ? mine.mul(0) : score.softmax(1).mm(v));
    }
    rows.push_back(at::cat(parts, 1));
    a += queries[r], b += keys[r];
  }
  return at::cat(rows, 0);
}

void close(const at::Tensor& got, const at::Tensor& want) {
  REQUIRE(got.sizes() == want.sizes());
  if (want.numel() == 0) return;
  // Sums of up to 80 products of floats below 5: 80 * 6e-8 * 25, rounded up.
  CHECK(got.to(at::kDouble).sub(want).abs().max().item<double>() <= 2e-4 * (1 + want.abs().max().item<double>()) / 10);
}

void check(const std::vector<Index>& queries, const std::vector<Index>& keys, Index heads, Index d) {
  CAPTURE(heads);
  CAPTURE(d);
  Index tokens = 0, others = 0;
  for (const auto n : queries) tokens += n;
  for (const auto n : keys) others += n;
  const auto dim = heads * d;
  auto q = wave({tokens, dim}, 0.1).set_requires_grad(true), kv = wave({others, 2 * dim}, 0.5).set_requires_grad(true);
  auto qf = q.detach().to(at::kFloat).set_requires_grad(true), kvf = kv.detach().to(at::kFloat).set_requires_grad(true);
  const auto seed = wave({tokens, dim}, 0.9);
  const auto want = plain(q, kv, queries, keys, heads, 0.4);
  const auto got = braid::kernels::packed_attention(qf, kvf, starts_of(queries), starts_of(keys), heads, 0.4);
  close(got, want);
  want.backward(seed);
  got.backward(seed.to(at::kFloat));
  close(qf.grad(), q.grad());
  close(kvf.grad(), kv.grad());
}

}  // namespace

TEST_CASE("packed attention is the equation, and its gradients are the equation's") {
  check({1}, {1}, 1, 1);
  check({3, 5, 2}, {4, 1, 9}, 2, 8);
  check({4, 4, 4, 4}, {64, 7, 0, 70}, 4, 16);   // few queries over tokens, a row without keys
  check({37, 0, 80, 1}, {33, 5, 79, 8}, 2, 5);  // several blocks of queries, an odd width, a row without queries
  check({2, 40}, {17, 3}, 3, 24);
}

TEST_CASE("to itself: queries, keys and values of one tensor") {
  const std::vector<Index> lengths{5, 0, 64, 1, 36};
  auto x = wave({106, 3 * 32}, 0.2).set_requires_grad(true);
  auto xf = x.detach().to(at::kFloat).set_requires_grad(true);
  const auto want = plain(x.narrow(1, 0, 32), x.narrow(1, 32, 64), lengths, lengths, 2, 0.25);
  const auto got = braid::kernels::packed_self_attention(xf, starts_of(lengths), 2, 0.25);
  close(got, want);
  const auto seed = wave({106, 32}, 0.9);
  want.backward(seed);
  got.backward(seed.to(at::kFloat));
  close(xf.grad(), x.grad());
}

TEST_CASE("causal: a token sees those before it and itself, whatever number stands after it") {
  const std::vector<Index> lengths{5, 0, 64, 1, 36, 80};
  auto x = wave({186, 3 * 10}, 0.2).set_requires_grad(true);
  auto xf = x.detach().to(at::kFloat).set_requires_grad(true);
  const auto want = plain(x.narrow(1, 0, 10), x.narrow(1, 10, 20), lengths, lengths, 2, 0.25, true);
  const auto got = braid::kernels::packed_self_attention(xf, starts_of(lengths), 2, 0.25, true);
  close(got, want);
  const auto seed = wave({186, 10}, 0.9);
  want.backward(seed);
  got.backward(seed.to(at::kFloat));
  close(xf.grad(), x.grad());

  const at::NoGradGuard off;
  const auto before = x.detach().to(at::kFloat).narrow(0, 0, 5).clone(), after = before.clone();
  after.narrow(0, 3, 2).fill_(1e30);
  const auto same = [&](const at::Tensor& t) {
    return braid::kernels::packed_self_attention(t, starts_of({5}), 2, 0.25, true).narrow(0, 0, 3);
  };
  CHECK(same(before).equal(same(after)));
}

TEST_CASE("scores far apart neither overflow nor vanish into NaN") {
  const auto q = at::tensor(std::vector<float>{1e4f, -1e4f}).view({2, 1}),
             kv = at::tensor(std::vector<float>{1, 5, -1, 7}).view({2, 2});
  const auto out = braid::kernels::packed_attention(q, kv, starts_of({2}), starts_of({2}), 1, 1.0);
  CHECK(out[0][0].item<float>() == 5);
  CHECK(out[1][0].item<float>() == 7);
}

TEST_CASE("any number of threads gives the same bits; nothing rows") {
  std::vector<Index> lengths;
  for (Index r = 0; r < 300; ++r) lengths.push_back(r * 7 % 65);
  Index tokens = 0;
  for (const auto l : lengths) tokens += l;
  const auto x = wave({tokens, 3 * 64}, 0.2).to(at::kFloat);
  const auto many = at::get_num_threads();
  std::vector<at::Tensor> outs, grads;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    auto leaf = x.clone().set_requires_grad(true);
    outs.push_back(braid::kernels::packed_self_attention(leaf, starts_of(lengths), 4, 0.25));
    outs.back().sum().backward();
    grads.push_back(leaf.grad());
  }
  at::set_num_threads(many);
  for (int k : {1, 2}) {
    CHECK(outs[static_cast<std::size_t>(k)].equal(outs[0]));
    CHECK(grads[static_cast<std::size_t>(k)].equal(grads[0]));
  }
  const at::NoGradGuard off;
  CHECK(braid::kernels::packed_self_attention(at::zeros({0, 12}), starts_of({}), 2, 1).sizes() ==
        at::IntArrayRef({0, 4}));
}
