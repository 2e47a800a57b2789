#include "train/optimizer_groups.h"

#include "recipe/document/diagnostics.h"
#include "recipe/plan/groups.h"

#include <braid/optimizer.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>

#include <cmath>

namespace braid::train {

// A weight with what its optimizer keeps for it.
struct OptimizerGroups::GroupedWeight {
  graph::NamedWeight weight;
  std::size_t index = 0;  // among the model's weights
  bool decays = true, sparse = false;
  std::vector<std::pair<std::string, at::Tensor>> state;
  at::Tensor count;  // steps that changed it
};

struct OptimizerGroups::Group {
  const recipe::GroupPlan* plan;
  std::unique_ptr<Component> own_optimizer, own_schedule;
  Optimizer* optimizer;
  Schedule* schedule;
  std::vector<GroupedWeight*> decaying = {}, plain = {};

  Group(const recipe::GroupPlan& p, const graph::MakeComponent& make)
      : plan(&p),
        own_optimizer(make(p.optimizer, {})),
        own_schedule(make(p.schedule, {})),
        optimizer(dynamic_cast<Optimizer*>(own_optimizer.get())),
        schedule(dynamic_cast<Schedule*>(own_schedule.get())) {
    if (!optimizer) throw std::logic_error("'" + p.optimizer.component + "' is not an optimizer");
    if (!schedule) throw std::logic_error("'" + p.schedule.component + "' is not a schedule");
  }

  [[noreturn]] void failed(const recipe::Use& use, const Diagnostic& why) const {
    throw Error(why.in("'" + use.component + "' of the optimizer group \"" + plan->match + "\"")
                    .at(recipe::location(plan->place), "optimizer"));
  }
};

OptimizerGroups::OptimizerGroups(const recipe::TrainPlan& plan, const std::vector<graph::NamedWeight>& weights,
                                 std::int64_t steps, const graph::MakeComponent& make,
                                 const std::function<void(std::size_t)>& sparse)
    : plan_(plan), steps_(std::max<std::int64_t>(steps, 1)), weights_(weights.size()) {
  for (const auto& group : plan.groups) groups_.emplace_back(group, make);
  const at::NoGradGuard off;
  std::vector<recipe::GroupId> group_of;  // per member
  for (std::size_t w = 0; w < weights.size(); ++w) {
    const auto& weight = weights[w];
    if (!weight.value.requires_grad()) continue;
    const auto group = recipe::group_of(plan, weight.name);
    if (!group) throw Error("weight-in-no-group", {}, "weight '" + weight.name + "' is in no optimizer group");
    GroupedWeight member{.weight = weight, .index = w};
    const auto& its = groups_[*group];
    member.decays = weight.decays || its.plan->decay_all;
    member.sparse = its.plan->touched && weight.table;
    if (member.sparse) sparse(w);
    member.state = its.optimizer->new_state(weight.value, weight.table);
    for (const auto& [name, tensor] : member.state)
      if (name == "count")
        its.failed(its.plan->optimizer, {"", {}, "its state is called 'count', which is the host's own"});
    member.count = at::full({}, 0.0, at::TensorOptions().dtype(at::kFloat));
    members_.push_back(std::move(member));
    group_of.push_back(*group);
  }
  for (std::size_t m = 0; m < members_.size(); ++m) {
    auto& its = groups_[group_of[m]];
    (members_[m].decays ? its.decaying : its.plain).push_back(&members_[m]);
  }
}
OptimizerGroups::~OptimizerGroups() = default;

double OptimizerGroups::rate(recipe::GroupId group, std::int64_t step, std::int64_t epoch) const {
  const auto& its = groups_.at(group);
  const double factor = its.schedule->factor({.step = step, .epoch = epoch, .steps = steps_});
  if (!std::isfinite(factor) || factor < 0)
    its.failed(its.plan->schedule, {"",
                                    {},
                                    "its factor in step " + std::to_string(step) + " is " + std::to_string(factor) +
                                        "; a factor is finite and at least 0"});
  return its.plan->rate * factor;
}

double OptimizerGroups::norm(std::vector<double>* each) {
  const at::NoGradGuard off;
  double total = 0;
  if (each) each->assign(weights_, 0);
  for (auto& member : members_) {
    auto& grad = member.weight.value.mutable_grad();
    if (!grad.defined()) continue;
    if (grad.is_sparse()) grad = grad.coalesce();
    const double norm = (grad.is_sparse() ? grad.values() : grad).norm().item<double>();
    total += norm * norm;
    if (each) (*each)[member.index] = norm;
  }
  return std::sqrt(total);
}

void OptimizerGroups::clear() {
  for (auto& member : members_) member.weight.value.mutable_grad().reset();
}

std::vector<std::pair<std::string, at::Tensor>> OptimizerGroups::state() const {
  std::vector<std::pair<std::string, at::Tensor>> out;
  for (const auto& member : members_) {
    for (const auto& [name, tensor] : member.state) out.emplace_back(member.weight.name + "." + name, tensor);
    out.emplace_back(member.weight.name + ".count", member.count);
  }
  return out;
}

void OptimizerGroups::load(const std::map<std::string, at::Tensor>& saved) {
  const at::NoGradGuard off;
  for (const auto& [name, tensor] : state()) {
    const auto found = saved.find(name);
    if (found == saved.end()) continue;
    if (found->second.sizes() != tensor.sizes())
      throw Error("weights-file", {},
                  "the optimizer's '" + name + "' in the checkpoint has another size than the weight");
    tensor.copy_(found->second);
  }
}

void OptimizerGroups::update(const Group& group, const std::vector<GroupedWeight*>& all, double learning_rate,
                             bool decays) {
  std::vector<GroupedWeight*> members;  // those to which a gradient came
  for (auto* member : all)
    if (member->weight.value.grad().defined()) members.push_back(member);
  if (members.empty()) return;
  std::vector<WeightStep> steps;
  std::vector<at::Tensor> rows(members.size());  // of those of which some change
  steps.reserve(members.size());
  for (std::size_t k = 0; k < members.size(); ++k) {
    auto& member = *members[k];
    const auto& grad = member.weight.value.grad();
    auto& one = steps.emplace_back();
    member.count.add_(1);
    one.steps = member.count;
    one.table = member.weight.table;
    one.some_rows = member.sparse && grad.is_sparse();
    if (one.some_rows) {
      const auto whole = grad.coalesce();
      rows[k] = whole.indices().select(0, 0);
      one.weight = member.weight.value.index_select(0, rows[k]);
      one.gradient = whole.values();
      for (const auto& [name, tensor] : member.state) one.state.push_back(tensor.index_select(0, rows[k]));
    } else {
      one.weight = member.weight.value;
      one.gradient = grad.is_sparse() ? grad.to_dense() : grad;
      for (const auto& [name, tensor] : member.state) one.state.push_back(tensor);
    }
  }
  try {
    group.optimizer->step(steps, learning_rate, decays);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    group.failed(group.plan->optimizer, caught());
  }
  for (std::size_t k = 0; k < members.size(); ++k) {
    if (!steps[k].some_rows) continue;
    auto& member = *members[k];
    member.weight.value.index_copy_(0, rows[k], steps[k].weight);
    for (std::size_t s = 0; s < member.state.size(); ++s)
      member.state[s].second.index_copy_(0, rows[k], steps[k].state[s]);
  }
}

void OptimizerGroups::step(std::int64_t step, std::int64_t epoch, double norm) {
  const at::NoGradGuard off;
  if (plan_.clip > 0 && norm > plan_.clip)
    for (auto& member : members_) {
      auto& grad = member.weight.value.mutable_grad();
      if (grad.defined()) (grad.is_sparse() ? grad.values() : grad).mul_(plan_.clip / norm);
    }
  for (const auto g : groups_.ids()) {
    const double now = rate(g, step, epoch);
    update(groups_[g], groups_[g].decaying, now, true);
    update(groups_[g], groups_[g].plain, now, false);
  }
  clear();
}

}  // namespace braid::train
