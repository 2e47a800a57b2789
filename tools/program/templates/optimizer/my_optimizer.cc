// How a step changes weights: signs of the gradient's running mean, so that every number moves by the learning rate.
#include <braid/plugin.h>

namespace {

struct MyOptimizer final : braid::Optimizer {
  static constexpr braid::About about{.summary = "Moves each number by the sign of its running mean gradient.",
                                      .equation = "m = beta·m + (1 - beta)·g; w = w - rate·(sign(m) + decay·w)"};

  braid::Param<double> beta{*this, "beta", 0.9, "Decay of the running mean.", {.low = 0, .high = 1}};
  braid::Param<double> decay{*this, "decay", 0.0, "Weight decay, apart from the gradient.", {.low = 0}};

  std::vector<std::pair<std::string, at::Tensor>> new_state(const at::Tensor& weight, bool) const override {
    return {{"mean", weight.new_zeros(weight.sizes())}};  // saved and restored by the host
  }
  void step(std::span<braid::WeightStep> weights, double rate, bool decays) const override {
    for (auto& one : weights) {
      one.state[0].mul_(beta()).add_(one.gradient, 1 - beta);
      one.weight.sub_(one.state[0].sign().add_(one.weight, decays ? decay() : 0), rate);
    }
  }
  void formula(Number& one, double rate, bool decays) const override {  // what conform compares step() with
    double& mean = one.state[0];
    mean = beta * mean + (1 - beta) * one.gradient;
    one.weight -= rate * ((mean > 0) - (mean < 0) + (decays ? decay() : 0) * one.weight);
  }
};

}  // namespace

BRAID_PLUGIN(MyOptimizer, "my_optimizer", "0.1.0")
