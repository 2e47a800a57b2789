#include "data/uses.h"

#include <set>
#include <stdexcept>

namespace braid::data {

LinkUses link_uses(const recipe::Plan& plan) {
  LinkUses uses;
  std::set<LinkUse> known;
  each_wire(plan, [&](const recipe::Wire& wire) {
    if (!wire.via) return;
    const LinkUse use{*wire.via, wire.axis.value()};
    if (known.insert(use).second) uses.push_back(use);
  });
  return uses;
}

std::optional<LinkUseId> use_of(const LinkUses& uses, const recipe::Wire& wire) {
  if (!wire.via) return std::nullopt;
  const LinkUse use{*wire.via, wire.axis.value()};
  for (const auto id : uses.ids())
    if (uses[id] == use) return id;
  throw std::logic_error("no link was prepared for the wire '" + wire.text + "'");
}

namespace {

Reads nothing_of(const recipe::Plan& plan) {
  Reads out;
  for (const auto& axis : plan.axes) out.fields.emplace_back(plan.tables[axis.table].fields.size(), false);
  out.counts.resize(plan.axes.size(), false);
  if (!plan.train.rows) return out;
  out.labels.resize(plan.driving().labels.size(), false);
  out.link_keys.resize(plan.driving().links.size(), false);
  return out;
}

// Fields and counts.
void add_columns(Reads& reads, const recipe::Wire& wire) {
  if (const auto* from = wire.field()) reads.fields[*wire.axis][from->field] = true;
  if (recipe::is<recipe::CountOf>(wire.source)) reads.counts[*wire.axis] = true;
}

}  // namespace

Reads reads_of(const recipe::Plan& plan, const recipe::Indexed<recipe::NodeId, bool>& nodes) {
  auto out = nothing_of(plan);
  for (const auto k : nodes.ids())
    if (nodes[k])
      for (const auto& port : plan.nodes[k].inputs)
        for (const auto& wire : port) add_columns(out, wire);
  return out;
}

Reads reads(const recipe::Plan& plan) {
  auto out = nothing_of(plan);
  if (!plan.train.rows) return out;
  each_wire(plan, [&](const recipe::Wire& wire) {
    add_columns(out, wire);
    if (!wire.axis || plan.axes[*wire.axis].table != *plan.train.rows) return;
    if (const auto* from = std::get_if<recipe::LabelOf>(&wire.source)) out.labels[from->label] = true;
    if (const auto* from = std::get_if<recipe::LinkKey>(&wire.source)) out.link_keys[from->link] = true;
  });
  return out;
}

}  // namespace braid::data
