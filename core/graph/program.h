// A plan lowered once, before the first step: every value that a step has gets a slot, every wire is bound to one.
#pragma once

#include "data/batch.h"
#include "recipe/plan.h"

#include <cstddef>
#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace braid::graph {

// ---- where a value comes from ----

struct NodeOutput {
  std::size_t node, output;  // output: flat over ports and their names
  auto operator<=>(const NodeOutput&) const = default;
};
struct FieldOutput {
  std::size_t axis, field, output;
  auto operator<=>(const FieldOutput&) const = default;
};
struct LabelOf {
  std::size_t label;  // of the driving table
  auto operator<=>(const LabelOf&) const = default;
};
struct LinkKey {
  std::size_t link;  // of the driving table
  auto operator<=>(const LinkKey&) const = default;
};
struct KeyOf {
  std::size_t axis;
  auto operator<=>(const KeyOf&) const = default;
};
struct CountOf {
  std::size_t axis;
  auto operator<=>(const CountOf&) const = default;
};
struct RowOf {
  std::size_t axis;
  auto operator<=>(const RowOf&) const = default;
};
using Source = std::variant<NodeOutput, FieldOutput, LabelOf, LinkKey, KeyOf, CountOf, RowOf>;

// A source as a wire has it, without what it is carried through.
Source source_of(const recipe::Wire& wire);

// ---- slots ----

enum class SlotId : std::size_t {};
constexpr std::size_t index_of(SlotId id) { return static_cast<std::size_t>(id); }

// A value of a step. With `link`, the source carried through link number `link` of the batch: once for all wires that
// want it.
struct Slot {
  Source source;
  std::optional<std::size_t> link;  // among data::link_uses()
  auto operator<=>(const Slot&) const = default;
};

// A wire, bound.
struct Bound {
  SlotId slot;
  std::size_t axis;  // whose rows the value has
  std::vector<int> inserted;
  bool stop = false;  // no gradient
};
using BoundInputs = std::vector<std::vector<Bound>>;  // per input port, per wire

// Immutable once made; safe from many threads.
struct Program {
  explicit Program(const recipe::Plan& plan);

  std::vector<Slot> slots;
  std::vector<std::optional<SlotId>> carried_from;   // per slot with a link: the slot of its source
  std::vector<BoundInputs> nodes, metrics;           // per node and metric of the plan
  std::vector<std::vector<SlotId>> node_outputs;     // per node, flat
  std::vector<std::optional<std::size_t>> own_axis;  // per node: the axis of its outputs' rows

  // Any wire that data::each_wire() visits, bound; std::logic_error for others.
  Bound bind(const recipe::Wire& wire) const;
  // The slot of a node's output or a field; nothing when no wire reads it.
  std::optional<SlotId> find(const Source& source) const;

 private:
  SlotId add(const Slot& slot);
  Bound add(const recipe::Wire& wire);
  std::optional<std::size_t> link_of(const recipe::Wire& wire) const;

  std::vector<data::LinkUse> links_;
  std::map<Slot, SlotId> known_;
};

}  // namespace braid::graph
