// Adagrad, with one accumulator per number or per row of an embedding table.
#include <braid/plugin.h>

#include <ATen/ops/_fused_adagrad.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace {

struct Adagrad final : braid::Optimizer {
  static constexpr braid::About about{
      .summary = "Divides each number's step by the root of all its squared gradients.",
      .paper = "Duchi, Hazan and Singer 2011, Adaptive subgradient methods (JMLR 12)",
      .equation = "g = g + decay·w; v = v + g²; w = w - rate·g / (√v + eps); by_row: v = v + mean(g²) over the row"};

  braid::Param<double> decay{*this, "decay", 0.0, "Weight decay, added to the gradient: decay * weight.", {.low = 0}};
  braid::Param<double> eps{*this, "eps", 1e-8, "Added to the root of the sum of squares.", {.low = 0}};
  braid::Param<bool> by_row{*this, "by_row", false,
                            "Embedding tables keep one sum per row, of the means of its squares, instead of one per "
                            "number."};

  std::vector<std::pair<std::string, at::Tensor>> new_state(const at::Tensor& weight, bool table) const override {
    return {{"second", table && by_row ? at::zeros({weight.size(0)}, weight.options()) : at::zeros_like(weight)}};
  }

  void step(std::span<braid::WeightStep> weights, double learning_rate, bool decays) const override {
    const double decay_now = decays ? decay() : 0;
    std::vector<at::Tensor> values, gradients, sums, steps;
    for (auto& one : weights) {
      if (one.some_rows || (one.table && by_row)) {
        plain(one, learning_rate, decay_now);
        continue;
      }
      values.push_back(one.weight);
      gradients.push_back(one.gradient);
      sums.push_back(one.state[0]);
      steps.push_back(one.steps);
    }
    if (!values.empty()) at::_fused_adagrad_(values, gradients, sums, steps, learning_rate, 0.0, decay_now, eps, false);
  }

  void formula(Number& one, double learning_rate, bool decays) const override {
    const double g = one.gradient + (decays ? decay() : 0) * one.weight;
    one.state[0] += g * g;
    one.weight -= learning_rate * g / (std::sqrt(one.state[0]) + eps);
  }

 private:
  void plain(braid::WeightStep& one, double learning_rate, double decay_now) const {
    auto &w = one.weight, &sum = one.state[0];
    const auto g = decay_now > 0 ? one.gradient.add(w, decay_now) : one.gradient;
    if (sum.dim() < w.dim()) sum.add_(g.mul(g).flatten(1).mean(1));
    else sum.addcmul_(g, g);
    auto size = sum.sqrt().add_(eps());
    while (size.dim() < w.dim()) size = size.unsqueeze(-1);
    w.addcdiv_(g, size, -learning_rate);
  }
};

}  // namespace

BRAID_PLUGIN(Adagrad, "adagrad", "0.1.0")
