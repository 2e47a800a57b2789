#include "train/monitor.h"

#include <ATen/core/grad_mode.h>

#include <cmath>

namespace braid::train {

Monitor Monitor::of(const graph::Model& model) {
  const auto& plan = model.plan();
  for (std::size_t m = 0; m < plan.metrics.size(); ++m)
    if (plan.train.keep_best.empty() || plan.metrics[m].name == plan.train.keep_best)
      return {plan.metrics[m].name, model.metric(m).higher_is_better(), plan.train.patience};
  return {"", true, 0};
}

Monitor::Verdict Monitor::judge(double value, std::int64_t step, Selected& selected) const {
  if (std::isnan(value)) return Verdict::undefined;
  const double best = selected.value;
  if (std::isnan(best) || (higher_ ? value > best : value < best)) {
    selected = {value, step, 0};
    return Verdict::gain;
  }
  ++selected.validations_without_gain;
  return patience_ > 0 && selected.validations_without_gain >= patience_ ? Verdict::out_of_patience : Verdict::no_gain;
}

void Monitor::keep(const std::vector<graph::NamedWeight>& weights) {
  const at::NoGradGuard off;
  kept_.clear();
  for (const auto& w : weights) kept_.emplace_back(w.name, w.value.detach().clone());
}

void Monitor::restore(std::vector<graph::NamedWeight>& weights) const {
  const at::NoGradGuard off;
  for (std::size_t w = 0; w < kept_.size(); ++w) weights[w].value.copy_(kept_[w].second);
}

}  // namespace braid::train
