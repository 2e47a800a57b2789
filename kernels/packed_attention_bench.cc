// Forward and backward of the packed attention beside LibTorch's fused attention over padded rows.
// usage: packed_attention_bench [ROWS]     medians over rounds in which the two take turns
#include "kernels/bench.h"
#include "kernels/packed_attention_autograd.h"

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

using braid::kernels::median;

int main(int argc, char** argv) {
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 2048, places = 64, heads = 4, width = 16,
                     dim = heads * width;
  if (rows < 1) return std::fprintf(stderr, "packed_attention_bench: error: %s is no number of rows\n", argv[1]), 1;
  std::vector<std::int64_t> lengths, starts{0};
  for (std::int64_t r = 0; r < rows; ++r)
    lengths.push_back(40 + r * 7 % 25), starts.push_back(starts.back() + lengths.back());
  const auto whole = at::TensorOptions().dtype(at::kLong);
  const auto at = at::tensor(starts, whole);
  const auto mask = at::arange(places, whole).lt(at::tensor(lengths, whole).unsqueeze(1)).view({rows, 1, 1, places});
  const auto packed = at::randn({starts.back(), 3 * dim}).set_requires_grad(true),
             padded = at::randn({rows * places, 3 * dim}).set_requires_grad(true);
  const auto seed = at::randn({starts.back(), dim}), padded_seed = at::randn({rows * places, dim});
  struct Way {
    const char* name;
    std::function<at::Tensor()> run;
    const at::Tensor &leaf, &seed;
  };
  const std::vector<Way> ways = {
      {"packed", [&] { return braid::kernels::packed_self_attention(packed, at, heads, 0.25); }, packed, seed},
      {"padded",
       [&] {
         const auto x = padded.view({rows, places, 3, heads, width}).permute({2, 0, 3, 1, 4});
         return at::scaled_dot_product_attention(x.select(0, 0), x.select(0, 1), x.select(0, 2), mask)
             .transpose(1, 2)
             .reshape({rows * places, dim});
       },
       padded, padded_seed}};
  const int rounds = 10, warm = 2;
  std::vector<std::vector<double>> forward(ways.size()), both(ways.size());
  for (int round = 0; round < warm + rounds; ++round)
    for (std::size_t w = 0; w < ways.size(); ++w) {
      ways[w].leaf.mutable_grad().reset();
      const auto begin = std::chrono::steady_clock::now();
      const auto out = ways[w].run();
      const auto middle = std::chrono::steady_clock::now();
      out.backward(ways[w].seed);
      const auto end = std::chrono::steady_clock::now();
      if (round < warm) continue;
      forward[w].push_back(std::chrono::duration<double, std::milli>(middle - begin).count());
      both[w].push_back(std::chrono::duration<double, std::milli>(end - begin).count());
    }
  std::printf("%lld rows of 40 to 64 places, %lld heads of %lld, %d threads, medians of %d rounds, ms\n",
              static_cast<long long>(rows), static_cast<long long>(heads), static_cast<long long>(width),
              at::get_num_threads(), rounds);
  for (std::size_t w = 0; w < ways.size(); ++w)
    std::printf("%-8s forward %8.2f   forward + backward %8.2f\n", ways[w].name, median(forward[w]), median(both[w]));
}
