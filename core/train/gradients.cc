#include "train/gradients.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

namespace braid::train {

namespace {

// Whether a loss has one value for each row of every batch.
bool counts_rows(const recipe::Plan& plan, const recipe::NodePlan& node) {
  const auto& type = node.outputs.at(0).at(0);
  if (type.optional_rows || type.dims.size() != 1 || !plan.train.rows ||
      type.axis() != recipe::own_axis(*plan.train.rows))
    return false;
  for (const auto& port : node.inputs)
    for (const auto& wire : port)
      if (wire.type.optional_rows) return false;
  return true;
}

bool finite(const at::Tensor& grad) {
  return !grad.defined() || std::isfinite((grad.is_sparse() ? grad._values() : grad).norm().item<double>());
}

double at_least_1(double count) { return std::max(count, 1.0); }

}  // namespace

Gradients::Gradients(const recipe::Plan& plan, std::vector<graph::NamedWeight>& weights)
    : plan_(plan), weights_(weights) {}

void Gradients::find_groups(const std::vector<graph::LossValue>& losses) {
  std::size_t rows = SIZE_MAX;  // the group of those that count rows
  for (std::size_t k = 0; k < losses.size(); ++k) {
    const bool joins = counts_rows(plan_, plan_.nodes[losses[k].node]);
    if (joins && rows != SIZE_MAX) {
      groups_[rows].losses.push_back(k);
      continue;
    }
    if (joins) rows = groups_.size();
    groups_.push_back({{k}, 0, Grads(weights_.size())});
  }
}

void Gradients::swap(Grads& grads) {
  for (std::size_t w = 0; w < weights_.size(); ++w) std::swap(grads[w], weights_[w].value.mutable_grad());
}

bool Gradients::add(const std::vector<graph::LossValue>& losses, bool last) {
  if (!begun_ && last) {  // one batch is the whole step
    at::Tensor sum;
    for (const auto& loss : losses) {
      const auto mean = loss.total / at_least_1(static_cast<double>(loss.count));
      sum = sum.defined() ? sum + mean : mean;
    }
    sum.backward();
    return true;
  }
  if (groups_.empty()) find_groups(losses);
  begun_ = true;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    auto& group = groups_[g];
    at::Tensor sum;
    for (const auto k : group.losses) sum = sum.defined() ? sum + losses[k].total : losses[k].total;
    group.count += static_cast<double>(losses[group.losses[0]].count);
    if (!sum.requires_grad()) continue;  // nothing of it is learnt
    swap(group.grads);
    sum.backward({}, g + 1 < groups_.size());
    swap(group.grads);
    if (!std::all_of(group.grads.begin(), group.grads.end(), finite)) return false;
  }
  if (!last) return true;
  const at::NoGradGuard off;
  for (std::size_t w = 0; w < weights_.size(); ++w) {
    at::Tensor sum;
    for (auto& group : groups_) {
      if (!group.grads[w].defined()) continue;
      const auto mean = group.grads[w].div(at_least_1(group.count));
      sum = sum.defined() ? sum + mean : mean;
    }
    if (sum.defined()) weights_[w].value.mutable_grad() = sum;
  }
  clear();
  return true;
}

void Gradients::clear() {
  for (auto& group : groups_) {
    group.count = 0;
    std::fill(group.grads.begin(), group.grads.end(), at::Tensor());
  }
  begun_ = false;
}

}  // namespace braid::train
