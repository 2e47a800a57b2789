#include "graph/graph.h"

#include "graph/flows.h"
#include "recipe/needed.h"
#include "recipe/report.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <sstream>
#include <utility>

namespace braid::graph {
namespace {

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

std::string failure(const recipe::NodePlan& node, const FrameState& frame, const Mode& mode, const std::string& why) {
  std::ostringstream out;
  out << recipe::text_of(node.place) << ": error: node '" << node.name << "' (" << node.use.plugin << "/"
      << node.use.component << ") failed in step " << mode.step << ": " << why << " [node]";
  std::size_t port = 0;
  for (const auto& schema : node.use.schema.ports) {
    if (schema.output) continue;
    for (const auto& flow : frame.inputs[port])
      if (flow.value.defined()) out << "\n  " << schema.name << " " << schema.shape << " got " << flow.value.sizes();
    ++port;
  }
  return out.str();
}

// By input port, how often each wire's tensor has been written.
std::vector<std::pair<std::size_t, std::int64_t>> versions_of(const FrameState& frame) {
  std::vector<std::pair<std::size_t, std::int64_t>> out;
  for (std::size_t port = 0; port < frame.inputs.size(); ++port)
    for (const auto& flow : frame.inputs[port])
      out.emplace_back(port, flow.value.defined() && !flow.value.is_inference() ? flow.value._version() : 0);
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

}  // namespace

// A coefficient at work: a constant, a schedule, or a learnt weight (of its logarithm when `log`).
struct LiveScalar {
  recipe::ScalarPlan plan;
  at::Tensor weight;  // learnt
  at::Tensor constant;

  at::Tensor now(std::int64_t step) const {
    if (plan.how == recipe::ScalarPlan::How::learnt) return plan.log ? weight.exp() : weight;
    if (plan.how == recipe::ScalarPlan::How::constant) return constant;
    const double share =
        plan.steps > 0 ? std::min(1.0, static_cast<double>(step) / static_cast<double>(plan.steps)) : 1.0;
    return at::full({}, plan.from + (plan.to - plan.from) * share, at::TensorOptions().dtype(at::kFloat));
  }
};

struct LiveNode {
  std::unique_ptr<Component> own;  // empty where `same` shares another's
  Component* component = nullptr;
  std::vector<LiveScalar> scalars;
  LiveScalar weight;
  bool metric_only = false;  // needed by no loss: left out of training steps
};

struct Graph::Inside {
  const recipe::Plan& plan;
  FieldOf field_of;
  std::vector<LiveNode> nodes;
  std::vector<std::unique_ptr<Component>> metrics;
  std::vector<NamedWeight> weights;
  std::vector<std::pair<std::size_t, std::size_t>> weight_of;  // node, index in the component
  std::vector<std::pair<std::size_t, std::size_t>> copies;     // weights: from, to
  std::vector<LossValue> losses;
  std::unique_ptr<Flows> flows;
  std::vector<bool> for_losses, for_metrics;
  std::vector<double> seconds;

  Inside(const recipe::Plan& p, const FieldOf& f) : plan(p), field_of(f) {}

  LiveScalar scalar(const recipe::ScalarPlan& p, const std::string& name, int node) {
    LiveScalar out{p, {}, at::full({}, p.value, at::TensorOptions().dtype(at::kFloat))};
    if (p.how != recipe::ScalarPlan::How::learnt) return out;
    out.weight = at::full({}, p.log ? std::log(p.value) : p.value, at::TensorOptions().dtype(at::kFloat))
                     .set_requires_grad(!plan.nodes[static_cast<std::size_t>(node)].frozen);
    weights.push_back({name, out.weight, false, false, true, node});
    weight_of.emplace_back(static_cast<std::size_t>(node), SIZE_MAX);
    return out;
  }

  // The weights that copies take over, by their names below the nodes.
  void find_copies() {
    std::map<std::pair<int, std::string>, std::size_t> at;
    const auto below = [&](const NamedWeight& w) {
      return w.name.substr(plan.nodes[static_cast<std::size_t>(w.node)].name.size());
    };
    for (std::size_t w = 0; w < weights.size(); ++w) at[{weights[w].node, below(weights[w])}] = w;
    for (std::size_t w = 0; w < weights.size(); ++w) {
      const auto& node = plan.nodes[static_cast<std::size_t>(weights[w].node)];
      if (node.copy == recipe::none) continue;
      const auto from = at.find({node.copy, below(weights[w])});
      if (from == at.end() || weights[from->second].value.sizes() != weights[w].value.sizes())
        throw NodeError(recipe::text_of(node.place) + ": error: node '" + node.name + "' copies '" +
                        plan.nodes[static_cast<std::size_t>(node.copy)].name +
                        "', whose weights are not like its own '" + weights[w].name + "' [node]");
      copies.emplace_back(from->second, w);
    }
  }

  Sizes specials(const recipe::Wire& wire) const {
    if (wire.source != recipe::Wire::Source::field) return {};
    return field_of(plan.axes[static_cast<std::size_t>(wire.axis)].table, wire.field).specials();
  }

  void fill_inputs(FrameState& frame, const std::vector<std::vector<recipe::Wire>>& inputs) const {
    for (std::size_t port = 0; port < inputs.size(); ++port)
      for (const auto& wire : inputs[port]) {
        frame.inputs[port].push_back(flows->read(wire));
        if (!frame.input_keys[port].defined())
          frame.input_keys[port] = flows->keys(wire.to_axis), frame.specials[port] = specials(wire);
      }
  }

  void fill_node(FrameState& frame, const recipe::NodePlan& node) const {
    fill_inputs(frame, node.inputs);
    for (const auto& port : node.outputs)
      for (const auto& type : port)
        if (!frame.keys.defined() && !type.dims.empty() && type.dims[0].kind == recipe::Size::Kind::axis)
          frame.keys = flows->keys(type.dims[0].axis);
  }

  FrameState frame_for(std::size_t k, const Mode& mode) const;
  void run_node(std::size_t k, const Mode& mode);
  void add_loss(std::size_t k, const FrameState& frame, const Mode& mode);
};

Graph::Graph(const recipe::Plan& plan, const FieldOf& field_of, const MakeComponent& make)
    : in_(std::make_unique<Inside>(plan, field_of)) {
  auto& in = *in_;
  in.nodes.resize(plan.nodes.size());
  in.seconds.assign(plan.nodes.size(), 0);
  const auto failed = [](const recipe::NodePlan& node, const std::string& why) {
    throw NodeError(recipe::text_of(node.place) + ": error: node '" + node.name + "' (" + node.use.component +
                    "): " + why + " [node]");
  };
  for (std::size_t k = 0; k < plan.nodes.size(); ++k) {
    const auto& node = plan.nodes[k];
    auto& live = in.nodes[k];
    std::vector<TableRows> rows;
    try {
      if (node.same != recipe::none) continue;
      live.own = make(node.use, counts(node.use.schema, node.inputs));
      live.component = live.own.get();
      set_sizes(*live.component, sizes_of(node));
      for (const auto& weight : live.component->state().weights)
        rows.push_back(rows_of(plan, node, weight.schema, field_of));
      make_weights(*live.component, node.name, plan.train.seed, at::kFloat,
                   [&rows](std::size_t w) { return start_keys(rows[w]); });
    } catch (const std::bad_alloc&) {
      throw;
    } catch (...) {
      failed(node, said());
    }
    auto& state = live.component->state();
    for (std::size_t w = 0; w < state.weights.size(); ++w) {
      auto& weight = state.weights[w];
      if (node.frozen) weight.value.set_requires_grad(false);
      in.weights.push_back({node.name + "." + weight.schema.name, weight.value, weight.schema.decays,
                            weight.schema.table, false, static_cast<int>(k), rows[w]});
      in.weight_of.emplace_back(k, w);
    }
    for (std::size_t s = 0; s < node.scalars.size(); ++s)
      live.scalars.push_back(
          in.scalar(node.scalars[s], node.name + "." + state.schema.scalars[s].name, static_cast<int>(k)));
    if (node.trains) live.weight = in.scalar(node.weight, node.name + ".weight", static_cast<int>(k));
  }
  for (std::size_t k = 0; k < plan.nodes.size(); ++k) {  // owners may come later in the plan's order
    if (plan.nodes[k].same == recipe::none) continue;
    const auto& owner = in.nodes[static_cast<std::size_t>(plan.nodes[k].same)];
    same_rows(plan, plan.nodes[k], plan.nodes[static_cast<std::size_t>(plan.nodes[k].same)], field_of);
    in.nodes[k].component = owner.component;
    in.nodes[k].scalars = owner.scalars;
  }
  in.find_copies();
  for (const auto& metric : plan.metrics) {
    in.metrics.push_back(make(metric.use, counts(metric.use.schema, metric.inputs)));
    set_sizes(*in.metrics.back(), {});
  }
  std::vector<const recipe::Wire*> metric_ends;
  for (const auto& metric : plan.metrics)
    for (const auto& port : metric.inputs)
      for (const auto& w : port) metric_ends.push_back(&w);
  in.for_losses = recipe::trained_nodes(plan);
  in.for_metrics = recipe::needed_nodes(plan, metric_ends);
}

Graph::~Graph() = default;

// Everything but the inputs.
FrameState Graph::Inside::frame_for(std::size_t k, const Mode& mode) const {
  const auto& node = plan.nodes[k];
  const auto& live = nodes[k];
  FrameState frame;
  prepare_frame(frame, *live.component);
  frame.node =
      node.same == recipe::none ? node.name : plan.nodes[static_cast<std::size_t>(node.same)].name + "/" + node.name;
  frame.training = mode.training && !node.frozen;
  frame.step = mode.step;
  frame.epoch = mode.epoch;
  frame.seed = plan.train.seed;
  if (!node.wanted.empty()) frame.wanted = node.wanted;
  if (node.trains)
    for (auto& port : frame.wanted) port.assign(port.size(), true);
  for (std::size_t s = 0; s < live.scalars.size(); ++s) frame.scalars[s] = live.scalars[s].now(mode.step);
  return frame;
}

void Graph::Inside::run_node(std::size_t k, const Mode& mode) {
  const auto& node = plan.nodes[k];
  const auto start = std::chrono::steady_clock::now();
  auto frame = frame_for(k, mode);
  try {
    fill_node(frame, node);
    const at::AutoGradMode grad(mode.training && !node.frozen);
    const auto before = versions_of(frame);
    run_frame(frame);
    if (const auto now = versions_of(frame); now != before) {
      const auto& state = frame.component->state();
      const auto port = std::mismatch(now.begin(), now.end(), before.begin()).first->first;
      throw Error("input '" + state.schema.ports[state.input_ports[port]].name +
                  "' was changed in place, and other nodes read it too: use sub, not sub_");
    }
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    throw NodeError(failure(node, frame, mode, said()));
  }
  std::vector<Flow> flat;
  for (auto& port : frame.outputs)
    for (auto& flow : port) flat.push_back(std::move(flow));
  if (node.trains) {
    frame.outputs[0][0] = flat.at(0);
    add_loss(k, frame, mode);
  }
  flows->put(static_cast<int>(k), std::move(flat));
  seconds[k] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Graph::Inside::add_loss(std::size_t k, const FrameState& frame, const Mode& mode) {
  const auto& state = frame.component->state();
  const auto& out = frame.outputs[0][0];
  const at::AutoGradMode grad(mode.training);
  LossValue loss;
  loss.node = static_cast<int>(k);
  const auto weight = nodes[k].weight.now(mode.step);
  if (out.value.dim() == 0) {
    loss.count = 1;
    loss.sum = out.value.item<double>();
    loss.total = out.value * weight;
  } else {
    // A value counts when the component did not mask it and no input of its row is absent.
    auto mask = out.mask;
    const auto& rows = state.outputs[0].dims.at(0).size;
    for (std::size_t port = 0; port < state.inputs.size(); ++port)
      for (const auto& flow : frame.inputs[port]) {
        if (!state.inputs[port].optional_rows || state.inputs[port].dims.at(0).size != rows || !flow.mask.defined() ||
            flow.list_mask.defined())
          continue;
        auto present = flow.mask.dim() > 1 ? flow.mask.flatten(1).any(1) : flow.mask;
        while (present.dim() < out.value.dim()) present = present.unsqueeze(-1);
        mask = mask.defined() ? mask.logical_and(present) : present.expand_as(out.value);
      }
    const auto total = mask.defined() ? out.value.masked_fill(mask.logical_not(), 0).sum() : out.value.sum();
    loss.count = mask.defined() ? mask.sum().item<std::int64_t>() : out.value.numel();
    loss.sum = total.item<double>();
    loss.total = total * weight;
  }
  loss.weight = weight.item<double>();
  losses.push_back(std::move(loss));
}

void Graph::run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode) {
  run(batch, mode, needed(mode.training));
}

const std::vector<bool>& Graph::needed(bool training) const { return training ? in_->for_losses : in_->for_metrics; }

void Graph::run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode, const std::vector<bool>& nodes,
                const std::vector<Given>& given) {
  auto& in = *in_;
  in.flows = std::make_unique<Flows>(in.plan, batch);
  in.losses.clear();
  for (const auto& one : given) in.flows->give(one.source, one.flow);
  for (std::size_t k = 0; k < in.plan.nodes.size(); ++k)
    if (nodes[k]) in.run_node(k, mode);
}

const std::vector<LossValue>& Graph::losses() const { return in_->losses; }
Flow Graph::read(const recipe::Wire& wire) const { return in_->flows->read(wire); }
at::Tensor Graph::keys(int axis) const { return in_->flows->keys(axis); }
const std::vector<Flow>& Graph::outputs(int node) const { return in_->flows->outputs(node); }
FrameState Graph::node_frame(int node, const Mode& mode) const {
  const auto k = static_cast<std::size_t>(node);
  auto frame = in_->frame_for(k, mode);
  in_->fill_node(frame, in_->plan.nodes[k]);
  return frame;
}
const std::vector<double>& Graph::seconds() const { return in_->seconds; }
void Graph::clear() {
  in_->losses.clear();
  in_->flows.reset();
}

Metric& Graph::metric(std::size_t k) { return dynamic_cast<Metric&>(*in_->metrics.at(k)); }
FrameState Graph::metric_frame(std::size_t k, const Mode& mode) const {
  FrameState frame;
  prepare_frame(frame, *in_->metrics.at(k));
  frame.node = in_->plan.metrics[k].name;
  frame.step = mode.step;
  frame.epoch = mode.epoch;
  frame.seed = in_->plan.train.seed;
  in_->fill_inputs(frame, in_->plan.metrics[k].inputs);
  for (const auto& keys : frame.input_keys)
    if (keys.defined()) {
      frame.keys = keys;
      break;
    }
  return frame;
}

void Graph::prepare(std::int64_t epoch) {
  for (auto& node : in_->nodes)
    if (node.own) node.own->prepare(epoch);
}

std::vector<NamedWeight>& Graph::weights() { return in_->weights; }
const std::vector<NamedWeight>& Graph::weights() const { return in_->weights; }

void Graph::mark_touched(std::size_t weight) {
  const auto [node, index] = in_->weight_of.at(weight);
  if (index != SIZE_MAX) in_->nodes[node].component->state().weights[index].touched = true;
}

void Graph::clamp_scalars() {
  const at::NoGradGuard off;
  const auto clamp = [](LiveScalar& s) {
    if (!s.weight.defined()) return;
    const auto bound = [&](std::optional<double> x) { return x && s.plan.log ? std::optional(std::log(*x)) : x; };
    if (const auto low = bound(s.plan.low)) s.weight.clamp_min_(*low);
    if (const auto high = bound(s.plan.high)) s.weight.clamp_max_(*high);
  };
  for (auto& node : in_->nodes) {
    if (!node.own) continue;
    for (auto& s : node.scalars) clamp(s);
    clamp(node.weight);
  }
}

void Graph::copy_weights(std::int64_t step) {
  const at::NoGradGuard off;
  for (const auto& [from, to] : in_->copies) {
    auto& weights = in_->weights;
    if (step % in_->plan.nodes[static_cast<std::size_t>(weights[to].node)].copy_every == 0)
      weights[to].value.copy_(weights[from].value);
  }
}

}  // namespace braid::graph
