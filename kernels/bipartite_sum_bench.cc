// Forward and backward of the bipartite sum at the size of MovieLens-1M, beside LibTorch's operators.
// usage: bipartite_sum_bench [EDGES]     medians over rounds in which the two take turns
#include "kernels/bench.h"
#include "kernels/bipartite_sum_autograd.h"

#include <ATen/Parallel.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

using braid::kernels::median;

int main(int argc, char** argv) {
  const std::int64_t users = 6041, items = 3707, dim = 64, layers = 3;
  const std::int64_t edges = argc > 1 ? std::atoll(argv[1]) : 800000;
  if (edges < 1) return std::fprintf(stderr, "bipartite_sum_bench: error: %s is no number of edges\n", argv[1]), 1;
  const auto user = at::randn({users, dim}).set_requires_grad(true);
  const auto item = at::randn({items, dim}).set_requires_grad(true);
  const auto from = at::randint(1, users, {edges}, at::kLong);
  // A few items have most of the edges, as films do.
  const auto to = at::rand({edges}).square().mul(items - 1).floor().to(at::kLong).add(1);
  const auto seed_user = at::randn({users, dim}), seed_item = at::randn({items, dim});
  using Way = std::pair<at::Tensor, at::Tensor> (*)(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                                    const at::Tensor&, std::int64_t);
  const std::vector<std::pair<const char*, Way>> ways = {{"bipartite_mean", braid::kernels::bipartite_mean},
                                                         {"operators", braid::kernels::bipartite_mean_by_operators}};

  const int rounds = 5, warm = 1;
  std::vector<std::vector<double>> forward(ways.size()), both(ways.size());
  for (int round = 0; round < warm + rounds; ++round) {
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const auto begin = std::chrono::steady_clock::now();
      const auto out = ways[w].second(user, item, from, to, layers);
      const auto middle = std::chrono::steady_clock::now();
      torch::autograd::grad({out.first, out.second}, {user, item}, {seed_user, seed_item});
      const auto end = std::chrono::steady_clock::now();
      if (round < warm) continue;
      forward[w].push_back(std::chrono::duration<double, std::milli>(middle - begin).count());
      both[w].push_back(std::chrono::duration<double, std::milli>(end - begin).count());
    }
  }
  std::printf("%lld users, %lld items, %lld edges, dim %lld, %lld layers, %d threads, medians of %d rounds, ms\n",
              static_cast<long long>(users), static_cast<long long>(items), static_cast<long long>(edges),
              static_cast<long long>(dim), static_cast<long long>(layers), at::get_num_threads(), rounds);
  for (std::size_t w = 0; w < ways.size(); ++w)
    std::printf("%-14s forward %8.2f   forward + backward %8.2f\n", ways[w].first, median(forward[w]), median(both[w]));
  std::printf("ratio: %.2f\n", median(both[1]) / median(both[0]));
  return 0;
}
