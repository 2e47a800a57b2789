#include "graph/execution.h"

#include "graph/carry.h"
#include "recipe/document/diagnostics.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>

namespace braid::graph {
namespace {

// The exception that is being handled, as a failure of the node.
Diagnostic failure(const recipe::NodePlan& node, const FrameState& frame) {
  auto out = caught()
                 .in("node '" + node.name + "' (" + node.use.plugin + "/" + node.use.component + ") failed in step " +
                     std::to_string(frame.step))
                 .at(recipe::location(node.place), "node");
  std::size_t port = 0;
  for (const auto& schema : node.use.schema.ports) {
    if (schema.output) continue;
    for (const auto& flow : frame.inputs[port]) {
      if (!flow.value.defined()) continue;
      std::ostringstream note;
      note << schema.name << " " << schema.shape << " got " << flow.value.sizes();
      out.notes.push_back(note.str());
    }
    ++port;
  }
  return out;
}

// By input port, how often each wire's tensor has been written.
std::vector<std::pair<std::size_t, std::int64_t>> versions_of(const FrameState& frame) {
  std::vector<std::pair<std::size_t, std::int64_t>> out;
  for (std::size_t port = 0; port < frame.inputs.size(); ++port)
    for (const auto& flow : frame.inputs[port])
      out.emplace_back(port, flow.value.defined() && !flow.value.is_inference() ? flow.value._version() : 0);
  return out;
}

}  // namespace

Execution::Execution(const Model& model)
    : model_(model),
      values_(model.program().slots.size()),
      keys_(model.plan().axes.size()),
      ran_(model.plan().nodes.size(), false),
      seconds_(model.plan().nodes.size(), 0) {}

void Execution::clear() {
  losses_.clear();
  batch_.reset();
  std::fill(values_.begin(), values_.end(), Value{});
  links_.clear();
  std::fill(keys_.begin(), keys_.end(), at::Tensor());
  std::fill(ran_.begin(), ran_.end(), false);
}

void Execution::run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode) {
  run(batch, mode, model_.needed(mode.training));
}

void Execution::run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode,
                    const recipe::Indexed<recipe::NodeId, bool>& nodes, const std::vector<Given>& given) {
  clear();
  batch_ = batch;
  mode_ = mode;
  links_.resize(batch->links.size());
  for (const auto& one : given) values_[one.slot] = {one.flow, true};
  for (const auto node : nodes.ids())
    if (nodes[node]) run_node(node);
}

// ---- values ----

const at::Tensor& Execution::keys(recipe::AxisId axis) {
  auto& keys = keys_.at(axis);
  if (!keys.defined()) keys = wrap(batch_->axes.at(axis).key);
  return keys;
}

std::pair<at::Tensor, at::Tensor>& Execution::link(data::LinkUseId number) {
  auto& [index, mask] = links_.at(number);
  if (!index.defined()) {
    const auto& link = batch_->links[number];
    index = wrap(link.index);
    if (link.masked) mask = wrap(link.mask);
  }
  return links_[number];
}

Flow Execution::source(const Slot& slot) {
  struct Visit {
    Execution& e;
    const Slot& slot;
    const data::AxisBatch& axis() const { return e.batch_->axes.at(*slot.axis); }
    Flow operator()(const recipe::NodeOutput& from) const {
      throw std::logic_error("node '" + e.model_.plan().nodes[from.node].name + "' has not been run");
    }
    Flow operator()(const recipe::FieldOutput& from) const {
      const auto& field = axis().fields.at(from.field);
      Flow flow{wrap(field.values.at(from.output)), {}, {}, {}};
      if (field.masked) flow.mask = wrap(field.mask);
      return flow;
    }
    Flow operator()(const recipe::LabelOf& from) const {
      Flow flow{wrap(e.batch_->labels.at(from.label)), {}, {}, {}};
      const auto missing = flow.value.isnan();
      if (missing.any().item<bool>()) {
        flow.mask = missing.logical_not();
        flow.value = flow.value.nan_to_num(0);
      }
      return flow;
    }
    Flow operator()(const recipe::LinkKey& from) const { return {wrap(e.batch_->link_keys.at(from.link)), {}, {}, {}}; }
    Flow operator()(const recipe::KeyOf&) const { return {e.keys(*slot.axis), {}, {}, {}}; }
    Flow operator()(const recipe::CountOf&) const { return {wrap(axis().count), {}, {}, {}}; }
    Flow operator()(const recipe::RowOf&) const { return {wrap(axis().row), {}, {}, {}}; }
  };
  return std::visit(Visit{*this, slot}, slot.source);
}

const Flow& Execution::value(SlotId id) {
  auto& held = values_[id];
  if (held.there) return held.flow;
  const auto& program = model_.program();
  const auto& slot = program.slots[id];
  if (slot.link) {
    const auto& [index, mask] = link(*slot.link);
    held.flow = carry(value(*program.carried_from[id]), index, mask);
  } else {
    held.flow = source(slot);
  }
  held.there = true;
  return held.flow;
}

Flow Execution::read(const Bound& wire) {
  Flow flow = value(wire.slot);
  for (const auto dim : wire.inserted) {  // one value where the port takes several
    flow.value = flow.value.unsqueeze(dim);
    if (flow.mask.defined() && dim <= flow.mask.dim()) flow.mask = flow.mask.unsqueeze(dim);
  }
  if (wire.stop) flow.value = flow.value.detach();
  return flow;
}

std::vector<Flow> Execution::outputs(recipe::NodeId node) const {
  std::vector<Flow> out;
  if (!ran_.at(node)) return out;
  for (const auto slot : model_.program().node_outputs[node]) out.push_back(values_[slot].flow);
  return out;
}

// ---- frames ----

void Execution::fill(FrameState& frame, const BoundInputs& inputs, const std::vector<std::vector<Sizes>>& specials) {
  for (std::size_t port = 0; port < inputs.size(); ++port)
    for (std::size_t k = 0; k < inputs[port].size(); ++k) {
      const auto& wire = inputs[port][k];
      frame.inputs[port].push_back(read(wire));
      if (wire.axis && !frame.input_keys[port].defined())
        frame.input_keys[port] = keys(*wire.axis), frame.specials[port] = specials[port][k];
    }
}

// Everything but the inputs.
FrameState Execution::frame_for(recipe::NodeId k) const {
  const auto& plan = model_.plan();
  const auto& node = plan.nodes[k];
  const auto& live = model_.node(k);
  FrameState frame;
  prepare_frame(frame, *live.component);
  frame.node = live.frame_name;
  frame.training = mode_.training && !node.frozen;
  frame.step = mode_.step;
  frame.epoch = mode_.epoch;
  frame.seed = plan.train.seed;
  if (!node.wanted.empty()) frame.wanted = node.wanted;
  for (std::size_t s = 0; s < live.scalars.size(); ++s) frame.scalars[s] = live.scalars[s].now(mode_.step);
  return frame;
}

FrameState Execution::node_frame(recipe::NodeId node) {
  auto frame = frame_for(node);
  fill(frame, model_.program().nodes[node], model_.node(node).specials);
  if (const auto axis = model_.program().node_axes[node]) frame.keys = keys(*axis);
  return frame;
}

FrameState Execution::metric_frame(std::size_t k) {
  FrameState frame;
  prepare_frame(frame, model_.metric(k));
  frame.node = model_.plan().metrics[k].name;
  frame.step = mode_.step;
  frame.epoch = mode_.epoch;
  frame.seed = model_.plan().train.seed;
  fill(frame, model_.program().metrics[k], model_.metric_specials(k));
  for (const auto& keys : frame.input_keys)
    if (keys.defined()) {
      frame.keys = keys;
      break;
    }
  return frame;
}

// ---- nodes ----

void Execution::run_node(recipe::NodeId k) {
  const auto& node = model_.plan().nodes[k];
  const auto start = std::chrono::steady_clock::now();
  auto frame = frame_for(k);
  try {
    fill(frame, model_.program().nodes[k], model_.node(k).specials);
    if (const auto axis = model_.program().node_axes[k]) frame.keys = keys(*axis);
    const at::AutoGradMode grad(mode_.training && !node.frozen);
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
    throw NodeError(failure(node, frame));
  }
  if (node.trains) add_loss(k, frame);
  std::size_t output = 0;
  for (auto& port : frame.outputs)
    for (auto& flow : port) values_[model_.program().node_outputs[k].at(output++)] = {std::move(flow), true};
  ran_[k] = true;
  seconds_[k] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Execution::add_loss(recipe::NodeId k, const FrameState& frame) {
  const auto& state = frame.component->state();
  const auto& out = frame.outputs[0][0];
  const at::AutoGradMode grad(mode_.training);
  LossValue loss{k};
  const auto weight = model_.node(k).weight.now(mode_.step);
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
  losses_.push_back(std::move(loss));
}

recipe::Indexed<recipe::NodeId, double> Execution::take_seconds() {
  return std::exchange(seconds_, recipe::Indexed<recipe::NodeId, double>(seconds_.size(), 0));
}

}  // namespace braid::graph
