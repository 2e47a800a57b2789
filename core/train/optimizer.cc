#include "train/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adagrad.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <numbers>

namespace braid::train {

struct Optimizer::Slot {
  graph::NamedWeight weight;
  std::size_t group = 0;
  bool decays = true, touched = false;
  // Moments, undefined where the optimiser has none, and how often the weight was updated.
  at::Tensor first, second, count;
  bool by_row() const { return second.defined() && second.dim() < weight.value.dim(); }
};

namespace {

bool adam_like(const recipe::GroupPlan& group) { return group.use == "adamw" || group.use == "adam"; }

// One update by the lines in the header, of whole weights or of some of a table's rows; `first` and `second` are
// theirs. Changes w and the moments.
void update(const recipe::GroupPlan& group, at::Tensor w, at::Tensor g, at::Tensor first, at::Tensor second,
            double rate, double decay, double t, bool by_row) {
  if (decay > 0) g = g.add(w, decay);
  if (adam_like(group)) {
    first.mul_(group.beta1).add_(g, 1 - group.beta1);
    second.mul_(group.beta2).addcmul_(g, g, 1 - group.beta2);
    const auto size = second.div(1 - std::pow(group.beta2, t)).sqrt_().add_(group.eps);
    w.addcdiv_(first, size, -rate / (1 - std::pow(group.beta1, t)));
  } else if (group.use == "adagrad") {
    if (by_row) second.add_(g.mul(g).flatten(1).mean(1));
    else second.addcmul_(g, g);
    auto size = second.sqrt().add_(group.eps);
    while (size.dim() < w.dim()) size = size.unsqueeze(-1);
    w.addcdiv_(g, size, -rate);
  } else if (group.use == "rmsprop") {
    second.mul_(group.alpha).addcmul_(g, g, 1 - group.alpha);
    const auto size = second.sqrt().add_(group.eps);
    if (first.defined()) w.sub_(first.mul_(group.momentum).addcdiv_(g, size), rate);
    else w.addcdiv_(g, size, -rate);
  } else {
    w.sub_(first.defined() ? first.mul_(group.momentum).add_(g) : g, rate);
  }
}

}  // namespace

Optimizer::Optimizer(const recipe::TrainPlan& plan, const std::vector<graph::NamedWeight>& weights, std::int64_t steps,
                     const std::function<void(std::size_t)>& mark_touched)
    : plan_(plan), steps_(std::max<std::int64_t>(steps, 1)) {
  for (std::size_t w = 0; w < weights.size(); ++w) {
    if (!weights[w].value.requires_grad()) continue;
    const auto group = std::find_if(plan.groups.begin(), plan.groups.end(),
                                    [&](const auto& g) { return graph::matches(g.match, weights[w].name); });
    if (group == plan.groups.end())
      throw Error("weight '" + weights[w].name + "' is in no optimiser group [weight-in-no-group]");
    Slot slot;
    slot.weight = weights[w];
    slot.group = static_cast<std::size_t>(group - plan.groups.begin());
    slot.decays = weights[w].decays || group->decay_all;
    slot.touched = group->touched && weights[w].table;
    if (slot.touched) mark_touched(w);
    const at::NoGradGuard off;
    const auto& value = weights[w].value;
    const bool by_row = group->by_row && weights[w].table;
    if (adam_like(*group) || group->momentum > 0) slot.first = at::zeros_like(value);
    if (group->use != "sgd") slot.second = by_row ? at::zeros({value.size(0)}, value.options()) : at::zeros_like(value);
    slot.count = at::full({}, 0.0, at::TensorOptions().dtype(at::kFloat));
    slots_.push_back(std::move(slot));
  }
}
Optimizer::~Optimizer() = default;

double Optimizer::rate(const recipe::GroupPlan& group, std::int64_t step, std::int64_t epoch) const {
  double factor = 1;
  if (group.warm_up > 0 && step < group.warm_up)
    factor = static_cast<double>(step + 1) / static_cast<double>(group.warm_up);
  if (group.schedule == recipe::GroupPlan::Schedule::exponential)
    factor *= std::pow(group.factor, static_cast<double>(epoch));
  if (group.schedule == recipe::GroupPlan::Schedule::cosine && step >= group.warm_up) {
    const double length = static_cast<double>(std::max<std::int64_t>(steps_ - group.warm_up, 1));
    const double share = std::min(1.0, static_cast<double>(step - group.warm_up) / length);
    factor *= group.last + (1 - group.last) * 0.5 * (1 + std::cos(std::numbers::pi * share));
  }
  return group.rate * factor;
}

double Optimizer::norm() {
  const at::NoGradGuard off;
  double total = 0;
  for (auto& slot : slots_) {
    auto& grad = slot.weight.value.mutable_grad();
    if (!grad.defined()) continue;
    if (grad.is_sparse()) grad = grad.coalesce();
    const double norm = (grad.is_sparse() ? grad.values() : grad).norm().item<double>();
    total += norm * norm;
  }
  return std::sqrt(total);
}

void Optimizer::clear() {
  for (auto& slot : slots_) slot.weight.value.mutable_grad().reset();
}

std::vector<std::pair<std::string, at::Tensor>> Optimizer::state() const {
  std::vector<std::pair<std::string, at::Tensor>> out;
  for (const auto& slot : slots_) {
    if (slot.first.defined()) out.emplace_back(slot.weight.name + ".first", slot.first);
    if (slot.second.defined()) out.emplace_back(slot.weight.name + ".second", slot.second);
    out.emplace_back(slot.weight.name + ".count", slot.count);
  }
  return out;
}

void Optimizer::load(const std::map<std::string, at::Tensor>& saved) {
  const at::NoGradGuard off;
  for (const auto& [name, tensor] : state()) {
    const auto found = saved.find(name);
    if (found == saved.end()) continue;
    if (found->second.sizes() != tensor.sizes())
      throw Error("the optimiser's '" + name + "' in the checkpoint has another size than the weight [weights-file]");
    tensor.copy_(found->second);
  }
}

void Optimizer::dense(const recipe::GroupPlan& group, const std::vector<std::size_t>& slots, double rate, bool decays) {
  const double decay = decays ? group.decay : 0;
  std::vector<at::Tensor> weights, grads, first, second, counts, none;
  for (const auto s : slots) {
    auto& slot = slots_[s];
    const auto& grad = slot.weight.value.grad();
    slot.count.add_(1);
    if (group.use == "rmsprop" || slot.by_row()) {  // no fused kernel
      update(group, slot.weight.value, grad.is_sparse() ? grad.to_dense() : grad, slot.first, slot.second, rate, decay,
             0, slot.by_row());
      continue;
    }
    weights.push_back(slot.weight.value);
    grads.push_back(grad.is_sparse() ? grad.to_dense() : grad);
    if (slot.first.defined()) first.push_back(slot.first);
    if (slot.second.defined()) second.push_back(slot.second);
    counts.push_back(slot.count);
  }
  if (weights.empty()) return;
  if (group.use == "sgd") {
    at::_fused_sgd_(weights, grads, first, decay, group.momentum, rate, 0.0, false, false, false);
  } else if (group.use == "adagrad") {
    at::_fused_adagrad_(weights, grads, second, counts, rate, 0.0, decay, group.eps, false);
  } else if (group.use == "adam") {
    at::_fused_adam_(weights, grads, first, second, none, counts, rate, group.beta1, group.beta2, decay, group.eps,
                     false, false);
  } else {
    at::_fused_adamw_(weights, grads, first, second, none, counts, rate, group.beta1, group.beta2, decay, group.eps,
                      false, false);
  }
}

void Optimizer::touched(const recipe::GroupPlan& group, Slot& slot, double rate, std::int64_t step) {
  const auto grad = slot.weight.value.grad().coalesce();
  const auto rows = grad.indices().select(0, 0);
  const auto of_rows = [&](const at::Tensor& all) { return all.defined() ? all.index_select(0, rows) : all; };
  const auto w = of_rows(slot.weight.value), first = of_rows(slot.first), second = of_rows(slot.second);
  const double decay = slot.decays ? group.decay : 0;
  const bool apart = group.use == "adamw" || group.use == "sgd";  // decay that is no part of the gradient
  if (apart && decay > 0) w.mul_(1 - rate * decay);
  update(group, w, grad.values(), first, second, rate, apart ? 0 : decay, static_cast<double>(step + 1), slot.by_row());
  slot.weight.value.index_copy_(0, rows, w);
  if (first.defined()) slot.first.index_copy_(0, rows, first);
  if (second.defined()) slot.second.index_copy_(0, rows, second);
}

void Optimizer::step(std::int64_t step, std::int64_t epoch, double norm) {
  const at::NoGradGuard off;
  if (plan_.clip > 0 && norm > plan_.clip)
    for (auto& slot : slots_) {
      auto& grad = slot.weight.value.mutable_grad();
      if (grad.defined()) (grad.is_sparse() ? grad.values() : grad).mul_(plan_.clip / norm);
    }
  for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
    const auto& group = plan_.groups[g];
    const double now = rate(group, step, epoch);
    std::vector<std::size_t> decaying, plain;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      auto& slot = slots_[s];
      if (slot.group != g || !slot.weight.value.grad().defined()) continue;
      if (slot.touched && slot.weight.value.grad().is_sparse()) touched(group, slot, now, step);
      else (slot.decays ? decaying : plain).push_back(s);
    }
    if (!decaying.empty()) dense(group, decaying, now, true);
    if (!plain.empty()) dense(group, plain, now, false);
  }
  clear();
}

}  // namespace braid::train
