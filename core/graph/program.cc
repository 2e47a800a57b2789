#include "graph/program.h"

#include "data/uses.h"
#include "graph/rows.h"

#include <algorithm>
#include <stdexcept>

namespace braid::graph {

namespace {

std::size_t at(int k) { return static_cast<std::size_t>(k); }

}  // namespace

Source source_of(const recipe::Wire& wire) {
  using From = recipe::Wire::Source;
  switch (wire.source) {
    case From::node:
      return NodeOutput{at(wire.node), at(std::max(wire.port, 0))};
    case From::field:
      return FieldOutput{at(wire.axis), at(wire.field), at(std::max(wire.port, 0))};
    case From::label:
      return LabelOf{at(wire.label)};
    case From::key:
      return KeyOf{at(wire.axis)};
    case From::link:
      return LinkKey{at(wire.link)};
    case From::count:
      return CountOf{at(wire.axis)};
    case From::rows:
      return RowOf{at(wire.axis)};
  }
  throw std::logic_error("a wire without a source");
}

Program::Program(const recipe::Plan& plan) : links_(data::link_uses(plan)) {
  for (std::size_t k = 0; k < plan.nodes.size(); ++k) {
    auto& outputs = node_outputs.emplace_back();
    for (const auto& port : plan.nodes[k].outputs)
      for (std::size_t o = 0; o < port.size(); ++o) outputs.push_back(add(Slot{NodeOutput{k, outputs.size()}, {}}));
    const int axis = axis_of(plan.nodes[k]);
    own_axis.push_back(axis == recipe::none ? std::nullopt : std::optional(at(axis)));
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
    const auto from = add(Slot{slot.source, {}});
    carried_from[index_of(id)] = from;
  }
  return id;
}

std::optional<std::size_t> Program::link_of(const recipe::Wire& wire) const {
  if (!wire.via.any()) return std::nullopt;
  const auto found = std::find(links_.begin(), links_.end(), data::LinkUse{wire.via, wire.to_axis, wire.axis});
  if (found == links_.end()) throw std::logic_error("no link was prepared for the wire '" + wire.text + "'");
  return static_cast<std::size_t>(found - links_.begin());
}

Bound Program::add(const recipe::Wire& wire) {
  return {add(Slot{source_of(wire), link_of(wire)}), at(wire.to_axis), wire.inserted, wire.stop};
}

Bound Program::bind(const recipe::Wire& wire) const {
  const auto found = known_.find(Slot{source_of(wire), link_of(wire)});
  if (found == known_.end()) throw std::logic_error("the wire '" + wire.text + "' is not in the plan");
  return {found->second, at(wire.to_axis), wire.inserted, wire.stop};
}

std::optional<SlotId> Program::find(const Source& source) const {
  const auto found = known_.find(Slot{source, {}});
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace braid::graph
