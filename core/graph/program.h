// A plan lowered once, before the first step: every value that a step has gets a slot, every wire is bound to one.
#pragma once

#include "data/batch.h"
#include "recipe/plan/plan.h"

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace braid::graph {

using recipe::NodeId;

// A value of a step: a source on its axis, and with `link` that source carried through a link of the batch: once for
// all wires that want it.
struct Slot {
  recipe::Source source;
  std::optional<recipe::AxisId> axis;  // nothing: one number for the batch
  std::optional<data::LinkUseId> link;
  auto operator<=>(const Slot&) const = default;
};
using SlotId = recipe::Id<Slot>;

// A wire, bound.
struct Bound {
  SlotId slot;
  std::optional<recipe::AxisId> axis;  // whose rows the value has
  std::vector<int> inserted;
  bool stop = false;  // no gradient
};
using BoundInputs = std::vector<std::vector<Bound>>;  // per input port, per wire

// Immutable once made; safe from many threads.
struct Program {
  explicit Program(const recipe::Plan& plan);

  recipe::Indexed<SlotId, Slot> slots;
  recipe::Indexed<SlotId, std::optional<SlotId>> carried_from;  // of a slot with a link: the slot of its source
  recipe::Indexed<NodeId, BoundInputs> nodes;
  std::vector<BoundInputs> metrics;                                  // per metric of the plan
  recipe::Indexed<NodeId, std::vector<SlotId>> node_outputs;         // flat
  recipe::Indexed<NodeId, std::optional<recipe::AxisId>> node_axes;  // the axis of its outputs' rows

  // Any wire that data::each_wire() visits, bound; std::logic_error for others. Looks it up: not for every step.
  Bound bind(const recipe::Wire& wire) const;
  // The slot of what a wire comes from, before it is carried; nothing when no wire of the plan reads it so.
  std::optional<SlotId> source_of(const recipe::Wire& wire) const;

 private:
  SlotId add(const Slot& slot);
  Bound add(const recipe::Wire& wire);

  data::LinkUses links_;
  std::map<Slot, SlotId> known_;
};

}  // namespace braid::graph
