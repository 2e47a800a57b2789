// RMSProp with momentum.
#include <braid/plugin.h>

#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace {

struct RmsProp final : braid::Optimizer {
  static constexpr braid::About about{
      .summary = "Divides each number's step by the root of a running mean of its squared gradients.",
      .paper = "Tieleman and Hinton 2012, lecture 6.5 of Neural networks for machine learning",
      .equation = "g = g + decay·w; v = α·v + (1 - α)·g²; m = momentum·m + g / (√v + eps); w = w - rate·m",
      .differs = "Momentum and eps as in torch.optim.RMSprop."};

  braid::Param<double> decay{*this, "decay", 0.0, "Weight decay, added to the gradient: decay * weight.", {.low = 0}};
  braid::Param<double> alpha{*this, "alpha", 0.99, "Decay of the second moment.", {.low = 0, .high = 1}};
  braid::Param<double> momentum{
      *this, "momentum", 0.0, "Share of the last step that is taken again.", {.low = 0, .high = 1}};
  braid::Param<double> eps{*this, "eps", 1e-8, "Added to the root of the second moment.", {.low = 0}};

  std::vector<std::pair<std::string, at::Tensor>> new_state(const at::Tensor& weight, bool) const override {
    std::vector<std::pair<std::string, at::Tensor>> out{{"second", at::zeros_like(weight)}};
    if (momentum > 0) out.emplace_back("first", at::zeros_like(weight));
    return out;
  }

  void step(std::span<braid::WeightStep> weights, double learning_rate, bool decays) const override {
    const double decay_now = decays ? decay() : 0;
    for (auto& one : weights) {
      auto &w = one.weight, &second = one.state[0];
      const auto g = decay_now > 0 ? one.gradient.add(w, decay_now) : one.gradient;
      second.mul_(alpha()).addcmul_(g, g, 1 - alpha);
      const auto size = second.sqrt().add_(eps());
      if (momentum > 0) w.sub_(one.state[1].mul_(momentum()).addcdiv_(g, size), learning_rate);
      else w.addcdiv_(g, size, -learning_rate);
    }
  }

  void formula(Number& one, double learning_rate, bool decays) const override {
    const double g = one.gradient + (decays ? decay() : 0) * one.weight;
    auto& v = one.state[0];
    v = alpha * v + (1 - alpha) * g * g;
    double move = g / (std::sqrt(v) + eps);
    if (momentum > 0) move = one.state[1] = momentum * one.state[1] + move;
    one.weight -= learning_rate * move;
  }
};

}  // namespace

BRAID_PLUGIN(RmsProp, "rmsprop", "0.1.0")
