// Forward and backward of the link gather beside LibTorch's index_select and embedding.
// usage: link_gather_bench [ROWS_OF_X]     medians over rounds in which the three take turns
#include "kernels/bench.h"
#include "kernels/link_gather_autograd.h"

#include <ATen/Parallel.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace {

using Way = std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>;

}  // namespace

using braid::kernels::median;

int main(int argc, char** argv) {
  const std::int64_t batch = 2048, list = 20, dim = 64;
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 3000;
  if (rows < 1) return std::fprintf(stderr, "link_gather_bench: error: %s is no number of rows\n", argv[1]), 1;
  const auto x = at::randn({rows, dim}).set_requires_grad(true);
  const auto index = at::randint(0, rows, {batch * list}, at::kLong);
  const auto seed = at::randn({batch * list, dim});
  const std::vector<std::pair<const char*, Way>> ways = {
      {"link_gather", [](const auto& t, const auto& at_rows) { return braid::kernels::link_gather(t, at_rows); }},
      {"index_select", [](const auto& t, const auto& at_rows) { return t.index_select(0, at_rows); }},
      {"embedding", [](const auto& t, const auto& at_rows) { return at::embedding(t, at_rows); }}};

  const int rounds = 60, warm = 10;
  std::vector<std::vector<double>> forward(ways.size()), both(ways.size());
  for (int round = 0; round < warm + rounds; ++round) {
    for (std::size_t w = 0; w < ways.size(); ++w) {
      x.mutable_grad().reset();
      const auto begin = std::chrono::steady_clock::now();
      const auto out = ways[w].second(x, index);
      const auto middle = std::chrono::steady_clock::now();
      out.backward(seed);
      const auto end = std::chrono::steady_clock::now();
      if (round < warm) continue;
      forward[w].push_back(std::chrono::duration<double, std::milli>(middle - begin).count());
      both[w].push_back(std::chrono::duration<double, std::milli>(end - begin).count());
    }
  }
  std::printf("%lld x %lld x %lld from %lld rows, %d threads, medians of %d rounds, ms\n",
              static_cast<long long>(batch), static_cast<long long>(list), static_cast<long long>(dim),
              static_cast<long long>(rows), at::get_num_threads(), rounds);
  for (std::size_t w = 0; w < ways.size(); ++w) {
    std::printf("%-14s forward %7.3f   forward + backward %7.3f\n", ways[w].first, median(forward[w]), median(both[w]));
  }
  const auto best = std::min(median(both[1]), median(both[2]));
  std::printf("ratio to the faster of the two: %.2f\n", best / median(both[0]));
  return 0;
}
