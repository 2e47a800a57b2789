#include "train/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <numbers>

namespace braid::train {

struct Optimizer::Slot {
  graph::NamedWeight weight;
  std::size_t group = 0;
  bool decays = true, touched = false;
  at::Tensor first, second, count;  // moments, and AdamW's own step count
};

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
    slot.first = at::zeros_like(weights[w].value);
    slot.second = at::zeros_like(weights[w].value);
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
    out.emplace_back(slot.weight.name + ".first", slot.first);
    out.emplace_back(slot.weight.name + ".second", slot.second);
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
  std::vector<at::Tensor> weights, grads, first, second, counts, none;
  for (const auto s : slots) {
    weights.push_back(slots_[s].weight.value);
    grads.push_back(slots_[s].weight.value.grad().is_sparse() ? slots_[s].weight.value.grad().to_dense()
                                                              : slots_[s].weight.value.grad());
    first.push_back(slots_[s].first);
    second.push_back(slots_[s].second);
    slots_[s].count.add_(1);
    counts.push_back(slots_[s].count);
  }
  const double decay = decays ? group.decay : 0;
  if (group.use == "sgd") {
    at::_fused_sgd_(weights, grads, group.momentum > 0 ? first : none, decay, group.momentum, rate, 0.0, false, false,
                    counts[0].item<double>() == 1);
  } else {
    at::_fused_adamw_(weights, grads, first, second, none, counts, rate, group.beta1, group.beta2, decay, group.eps,
                      false, false);
  }
}

void Optimizer::touched(const recipe::GroupPlan& group, Slot& slot, double rate, std::int64_t step) {
  const auto grad = slot.weight.value.grad().coalesce();
  const auto rows = grad.indices().select(0, 0);
  const auto g = grad.values();
  auto w = slot.weight.value.index_select(0, rows);
  if (group.decay > 0) w.mul_(1 - rate * group.decay);
  if (group.use == "sgd") {
    auto v = slot.first.index_select(0, rows).mul_(group.momentum).add_(g);
    slot.first.index_copy_(0, rows, v);
    slot.weight.value.index_copy_(0, rows, w.sub_(v.mul(rate)));
    return;
  }
  const auto m = slot.first.index_select(0, rows).mul_(group.beta1).add_(g, 1 - group.beta1);
  const auto v = slot.second.index_select(0, rows).mul_(group.beta2).addcmul_(g, g, 1 - group.beta2);
  slot.first.index_copy_(0, rows, m);
  slot.second.index_copy_(0, rows, v);
  const double t = static_cast<double>(step + 1);
  const auto size = v.div(1 - std::pow(group.beta2, t)).sqrt_().add_(group.eps);
  slot.weight.value.index_copy_(0, rows, w.addcdiv_(m, size, -rate / (1 - std::pow(group.beta1, t))));
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
