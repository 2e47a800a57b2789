#include "graph/model.h"

#include "recipe/document/diagnostics.h"
#include "recipe/plan/needed.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <variant>

namespace braid::graph {
namespace {

const auto scalar_options = at::TensorOptions().dtype(at::kFloat);

WireCounts counts(const ComponentSchema& schema, const std::vector<std::vector<recipe::Wire>>& inputs) {
  WireCounts out;
  std::size_t k = 0;
  for (const auto& port : schema.ports) {
    if (port.output) continue;
    if (port.repeated) out[port.name] = inputs.at(k).size();
    ++k;
  }
  return out;
}

// Dims by name, and for each wire whether its rows can be absent ("inputs.0.optional", 0 or 1): a weight that stands in
// for absent rows takes it as a factor and has no elements where it would never be read.
Sizes sizes_of(const recipe::NodePlan& node) {
  auto sizes = node.sizes;
  std::size_t port = 0;
  for (const auto& schema : node.use.schema.ports) {
    if (schema.output) continue;
    for (std::size_t k = 0; k < node.inputs.at(port).size(); ++k)
      sizes[schema.name + "." + std::to_string(k) + ".optional"] = node.inputs[port][k].type.optional_rows ? 1 : 0;
    ++port;
  }
  return sizes;
}

std::vector<std::vector<Sizes>> specials_of(const recipe::Plan& plan, const FieldOf& field_of,
                                            const std::vector<std::vector<recipe::Wire>>& inputs) {
  std::vector<std::vector<Sizes>> out;
  for (const auto& port : inputs) {
    auto& wires = out.emplace_back();
    for (const auto& wire : port)
      wires.push_back(wire.field() ? field_of(plan.axes[*wire.axis].table, wire.field()->field).specials() : Sizes{});
  }
  return out;
}

}  // namespace

at::Tensor LiveScalar::now(std::int64_t step) const {
  return std::visit(
      recipe::Cases{[&](const recipe::ScalarPlan::Learnt& learnt) { return learnt.log ? weight.exp() : weight; },
                    [&](const recipe::ScalarPlan::Constant&) { return constant; },
                    [&](const recipe::ScalarPlan::Scheduled& line) {
                      const double share = std::min(1.0, static_cast<double>(step) / static_cast<double>(line.steps));
                      return at::full({}, line.from + (line.to - line.from) * share, scalar_options);
                    }},
      plan.how);
}

Model::Model(const recipe::Plan& plan, const FieldOf& field_of, const MakeComponent& make)
    : plan_(plan), program_(plan), nodes_(plan.nodes.size()) {
  for (const auto k : plan.nodes.ids()) make_node(k, field_of, make);
  for (const auto k : plan.nodes.ids()) {  // owners may come later in the plan's order
    if (!plan.nodes[k].same) continue;
    const auto owner = *plan.nodes[k].same;
    same_rows(plan, plan.nodes[k], plan.nodes[owner], field_of);
    nodes_[k].component = nodes_[owner].component;
    nodes_[k].scalars = nodes_[owner].scalars;
  }
  find_copies();
  std::vector<const recipe::Wire*> metric_ends;
  for (const auto& metric : plan.metrics) {
    metrics_.push_back(make(metric.use, counts(metric.use.schema, metric.inputs)));
    set_sizes(*metrics_.back(), {});
    metric_specials_.push_back(specials_of(plan, field_of, metric.inputs));
    for (const auto& port : metric.inputs)
      for (const auto& w : port) metric_ends.push_back(&w);
  }
  for_losses_ = recipe::trained_nodes(plan);
  for_metrics_ = recipe::needed_nodes(plan, metric_ends);
}

Model::~Model() = default;

void Model::make_node(recipe::NodeId k, const FieldOf& field_of, const MakeComponent& make) {
  const auto& node = plan_.nodes[k];
  auto& live = nodes_[k];
  std::vector<TableRows> rows;
  live.frame_name = node.same ? plan_.nodes[*node.same].name + "/" + node.name : node.name;
  try {
    live.specials = specials_of(plan_, field_of, node.inputs);
    if (node.same) return;
    live.own = make(node.use, counts(node.use.schema, node.inputs));
    live.component = live.own.get();
    set_sizes(*live.component, sizes_of(node));
    for (const auto& weight : live.component->state().weights)
      rows.push_back(rows_of(plan_, node, weight.schema, field_of));
    make_weights(*live.component, node.name, plan_.train.seed, at::kFloat,
                 [&rows](std::size_t w) { return start_keys(rows[w]); });
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    throw NodeError(
        caught().in("node '" + node.name + "' (" + node.use.component + ")").at(recipe::location(node.place), "node"));
  }
  auto& state = live.component->state();
  for (std::size_t w = 0; w < state.weights.size(); ++w) {
    auto& weight = state.weights[w];
    if (node.frozen) weight.value.set_requires_grad(false);
    weights_.push_back({node.name + "." + weight.schema.name, weight.value, weight.schema.decays, weight.schema.table,
                        false, k, rows[w]});
    own_number_.emplace_back(w);
  }
  for (std::size_t s = 0; s < node.scalars.size(); ++s)
    live.scalars.push_back(scalar(node.scalars[s], node.name + "." + state.schema.scalars[s].name, k));
  if (node.trains) live.weight = scalar(node.weight, node.name + ".weight", k);
}

LiveScalar Model::scalar(const recipe::ScalarPlan& p, const std::string& name, recipe::NodeId node) {
  LiveScalar out{p, {}, {}};
  if (const auto* constant = std::get_if<recipe::ScalarPlan::Constant>(&p.how))
    out.constant = at::full({}, constant->value, scalar_options);
  const auto* learnt = std::get_if<recipe::ScalarPlan::Learnt>(&p.how);
  if (!learnt) return out;
  out.weight = at::full({}, learnt->log ? std::log(learnt->start) : learnt->start, scalar_options)
                   .set_requires_grad(!plan_.nodes[node].frozen);
  weights_.push_back({name, out.weight, false, false, true, node});
  own_number_.emplace_back();
  return out;
}

// The weights that copies take over, by their names below the nodes.
void Model::find_copies() {
  std::map<std::pair<recipe::NodeId, std::string>, std::size_t> at;
  const auto below = [&](const NamedWeight& w) { return w.name.substr(plan_.nodes[w.node].name.size()); };
  for (std::size_t w = 0; w < weights_.size(); ++w) at[{weights_[w].node, below(weights_[w])}] = w;
  for (std::size_t w = 0; w < weights_.size(); ++w) {
    const auto& node = plan_.nodes[weights_[w].node];
    if (!node.copy) continue;
    const auto from = at.find({node.copy->of, below(weights_[w])});
    if (from == at.end() || weights_[from->second].value.sizes() != weights_[w].value.sizes())
      throw NodeError("node", recipe::location(node.place),
                      "node '" + node.name + "' copies '" + plan_.nodes[node.copy->of].name +
                          "', whose weights are not like its own '" + weights_[w].name + "'");
    copies_.push_back({from->second, w, node.copy->every});
  }
}

Metric& Model::metric(std::size_t k) const { return dynamic_cast<Metric&>(*metrics_.at(k)); }

void Model::prepare(std::int64_t epoch) {
  for (auto& node : nodes_)
    if (node.own) node.own->prepare(epoch);
}

void Model::mark_touched(std::size_t weight) {
  if (const auto index = own_number_.at(weight))
    nodes_[weights_[weight].node].component->state().weights[*index].touched = true;
}

void Model::clamp_scalars() {
  const at::NoGradGuard off;
  const auto clamp = [](LiveScalar& s) {
    if (!s.weight.defined()) return;
    const bool log = std::get<recipe::ScalarPlan::Learnt>(s.plan.how).log;
    const auto bound = [&](std::optional<double> x) { return x && log ? std::optional(std::log(*x)) : x; };
    if (const auto low = bound(s.plan.low)) s.weight.clamp_min_(*low);
    if (const auto high = bound(s.plan.high)) s.weight.clamp_max_(*high);
  };
  for (auto& node : nodes_) {
    if (!node.own) continue;
    for (auto& s : node.scalars) clamp(s);
    clamp(node.weight);
  }
}

void Model::copy_weights(std::int64_t step) {
  const at::NoGradGuard off;
  for (const auto& copy : copies_)
    if (step % copy.every == 0) weights_[copy.to].value.copy_(weights_[copy.from].value);
}

}  // namespace braid::graph
