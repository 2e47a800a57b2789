// Forward and backward of the fused target attention beside the same equations as tensor operators.
// usage: target_attention_bench [BATCH]     medians over rounds in which the two take turns
#include "kernels/bench.h"
#include "kernels/target_attention_autograd.h"

#include <ATen/Parallel.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

using braid::kernels::median;

int main(int argc, char** argv) {
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 8192, places = 20, dim = 64, width = 32;
  if (rows < 1) return std::fprintf(stderr, "target_attention_bench: error: %s is no number of rows\n", argv[1]), 1;
  std::vector<at::Tensor> t{at::randn({rows, dim}),  at::randn({rows, width}), at::randn({width, dim}),
                            at::randn({width, dim}), at::randn({1, width}),    at::randn({rows, places, dim})};
  for (auto& x : t) x.set_requires_grad(true);
  const auto mask = at::rand({rows, places}).lt(0.89), seed = at::randn({rows, dim});
  const std::vector<std::pair<const char*, std::function<at::Tensor()>>> ways = {
      {"fused", [&] { return braid::kernels::target_attention({t[5]}, t[0], t[1], t[2], t[3], t[4], {}, mask, true); }},
      {"operators", [&] {
         const auto h = t[5].view({rows * places, dim});
         const auto th = t[5].mul(t[0].unsqueeze(1)).view({rows * places, dim});
         const auto z = h.mm(t[2].t()).addmm(th, t[3].t()).view({rows, places, width}).add(t[1].unsqueeze(1)).relu();
         const auto hidden = mask.logical_not();
         const auto w = at::linear(z, t[4]).squeeze(2).masked_fill(hidden, -1e4).softmax(1).masked_fill(hidden, 0);
         return w.unsqueeze(1).bmm(t[5]).squeeze(1);
       }}};

  const int rounds = 20, warm = 4;
  std::vector<std::vector<double>> forward(ways.size()), both(ways.size());
  for (int round = 0; round < warm + rounds; ++round) {
    for (std::size_t w = 0; w < ways.size(); ++w) {
      for (auto& x : t) x.mutable_grad().reset();
      const auto begin = std::chrono::steady_clock::now();
      const auto out = ways[w].second();
      const auto middle = std::chrono::steady_clock::now();
      out.backward(seed);
      const auto end = std::chrono::steady_clock::now();
      if (round < warm) continue;
      forward[w].push_back(std::chrono::duration<double, std::milli>(middle - begin).count());
      both[w].push_back(std::chrono::duration<double, std::milli>(end - begin).count());
    }
  }
  std::printf("%lld x %lld x %lld, width %lld, %d threads, medians of %d rounds, ms\n", static_cast<long long>(rows),
              static_cast<long long>(places), static_cast<long long>(dim), static_cast<long long>(width),
              at::get_num_threads(), rounds);
  for (std::size_t w = 0; w < ways.size(); ++w)
    std::printf("%-10s forward %7.2f   forward + backward %7.2f\n", ways[w].first, median(forward[w]), median(both[w]));
  return 0;
}
