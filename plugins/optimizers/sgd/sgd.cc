// Stochastic gradient descent with momentum.
#include <braid/plugin.h>

#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>

namespace {

struct Sgd final : braid::Optimizer {
  static constexpr braid::About about{.summary = "Steps along the gradient, with momentum.",
                                      .paper = "Robbins and Monro 1951; Polyak 1964 (momentum)",
                                      .equation = "g = g + decay·w; m = momentum·m + g; w = w - rate·m"};

  braid::Param<double> decay{*this, "decay", 0.0, "Weight decay, added to the gradient: decay * weight.", {.low = 0}};
  braid::Param<double> momentum{
      *this, "momentum", 0.0, "Share of the last step that is taken again.", {.low = 0, .high = 1}};

  std::vector<std::pair<std::string, at::Tensor>> new_state(const at::Tensor& weight, bool) const override {
    if (momentum > 0) return {{"first", at::zeros_like(weight)}};
    return {};
  }

  void step(std::span<braid::WeightStep> weights, double learning_rate, bool decays) const override {
    const double decay_now = decays ? decay() : 0;
    std::vector<at::Tensor> values, gradients, moving;
    for (auto& one : weights) {
      values.push_back(one.weight);
      gradients.push_back(one.gradient);
      if (momentum > 0) moving.push_back(one.state[0]);
    }
    if (!values.empty())
      at::_fused_sgd_(values, gradients, moving, decay_now, momentum, learning_rate, 0.0, false, false, false);
  }

  void formula(Number& one, double learning_rate, bool decays) const override {
    double move = one.gradient + (decays ? decay() : 0) * one.weight;
    if (momentum > 0) move = one.state[0] = momentum * one.state[0] + move;
    one.weight -= learning_rate * move;
  }
};

}  // namespace

BRAID_PLUGIN(Sgd, "sgd", "0.1.0")
