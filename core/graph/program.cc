#include "graph/program.h"

#include "data/uses.h"
#include "graph/rows.h"

#include <algorithm>
#include <stdexcept>

namespace braid::graph {

Program::Program(const recipe::Plan& plan) : links_(data::link_uses(plan)) {
  for (const auto node : plan.nodes.ids()) {
    const auto axis = axis_of(plan.nodes[node]);
    auto& outputs = node_outputs.emplace_back();
    for (const auto& port : plan.nodes[node].outputs)
      for (const auto& type : port)
        outputs.push_back(add(Slot{recipe::NodeOutput{node, outputs.size()}, type.axis(), {}}));
    node_axes.push_back(axis);
  }
  const auto bound = [&](const std::vector<std::vector<recipe::Wire>>& inputs) {
    BoundInputs out;
    for (const auto& port : inputs) {
      auto& wires = out.emplace_back();
      for (const auto& wire : port) wires.push_back(add(wire));
    }
    return out;
  };
  for (const auto& node : plan.nodes) nodes.push_back(bound(node.inputs));
  for (const auto& metric : plan.metrics) metrics.push_back(bound(metric.inputs));
  data::each_wire(plan, [&](const recipe::Wire& wire) { add(wire); });
}

SlotId Program::add(const Slot& slot) {
  const auto [found, fresh] = known_.try_emplace(slot, SlotId{slots.size()});
  if (!fresh) return found->second;
  const auto id = found->second;
  slots.push_back(slot);
  carried_from.emplace_back();
  if (slot.link) {
    const auto from = add(Slot{slot.source, slot.axis, {}});
    carried_from[id] = from;
  }
  return id;
}

Bound Program::add(const recipe::Wire& wire) {
  return {add(Slot{wire.source, wire.axis, data::use_of(links_, wire)}), wire.to_axis(), wire.inserted, wire.stop};
}

Bound Program::bind(const recipe::Wire& wire) const {
  const auto found = known_.find(Slot{wire.source, wire.axis, data::use_of(links_, wire)});
  if (found == known_.end()) throw std::logic_error("the wire '" + wire.text + "' is not in the plan");
  return {found->second, wire.to_axis(), wire.inserted, wire.stop};
}

std::optional<SlotId> Program::source_of(const recipe::Wire& wire) const {
  const auto found = known_.find(Slot{wire.source, wire.axis, {}});
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace braid::graph
