// Adam's moments and update, of which `adam` and `adamw` differ in where the weight decay goes.
#pragma once

#include <braid/plugin.h>

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace parts {

// A decay of 1 keeps no gradient at all, and its correction 1 - 1^t divides by zero.
inline constexpr double below_one = 0.9999999;

class Adam : public braid::Optimizer {
 public:
  braid::Param<double> decay;
  braid::Param<double> beta1{*this, "beta1", 0.9, "Decay of the first moment.", {.low = 0, .high = below_one}};
  braid::Param<double> beta2{*this, "beta2", 0.999, "Decay of the second moment.", {.low = 0, .high = below_one}};
  braid::Param<double> eps{*this, "eps", 1e-8, "Added to the root of the second moment.", {.low = 0}};

  std::vector<std::pair<std::string, at::Tensor>> new_state(const at::Tensor& weight, bool) const override {
    return {{"first", at::zeros_like(weight)}, {"second", at::zeros_like(weight)}};
  }

  void step(std::span<braid::WeightStep> weights, double learning_rate, bool decays) const override {
    const double decay_now = decays ? decay() : 0;
    std::vector<at::Tensor> values, gradients, first, second, none, steps;
    for (auto& one : weights) {
      if (one.some_rows) {
        some_rows(one, learning_rate, decay_now);
        continue;
      }
      values.push_back(one.weight);
      gradients.push_back(one.gradient);
      first.push_back(one.state[0]);
      second.push_back(one.state[1]);
      steps.push_back(one.steps);
    }
    if (values.empty()) return;
    if (decoupled_)
      at::_fused_adamw_(values, gradients, first, second, none, steps, learning_rate, beta1, beta2, decay_now, eps,
                        false, false);
    else
      at::_fused_adam_(values, gradients, first, second, none, steps, learning_rate, beta1, beta2, decay_now, eps,
                       false, false);
  }

  void formula(Number& one, double learning_rate, bool decays) const override {
    auto &m = one.state[0], &v = one.state[1];
    const double decay_now = decays ? decay() : 0;
    if (decoupled_) one.weight *= 1 - learning_rate * decay_now;
    const double g = one.gradient + (decoupled_ ? 0 : decay_now * one.weight);
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const double mean = m / (1 - std::pow(beta1(), one.steps)), square = v / (1 - std::pow(beta2(), one.steps));
    one.weight -= learning_rate * mean / (std::sqrt(square) + eps);
  }

 protected:
  Adam(bool decoupled, const char* decay_help)
      : decay(*this, "decay", 0.0, decay_help, {.low = 0}), decoupled_(decoupled) {}

 private:
  void some_rows(braid::WeightStep& one, double learning_rate, double decay_now) const {
    const double t = one.steps.item<double>();
    auto &w = one.weight, &first = one.state[0], &second = one.state[1];
    if (decoupled_ && decay_now > 0) w.mul_(1 - learning_rate * decay_now);
    const auto g = !decoupled_ && decay_now > 0 ? one.gradient.add(w, decay_now) : one.gradient;
    first.mul_(beta1()).add_(g, 1 - beta1);
    second.mul_(beta2()).addcmul_(g, g, 1 - beta2);
    const auto size = second.div(1 - std::pow(beta2(), t)).sqrt_().add_(eps());
    w.addcdiv_(first, size, -learning_rate / (1 - std::pow(beta1(), t)));
  }

  bool decoupled_;
};

}  // namespace parts
