#include "data/uses.h"

#include <algorithm>

namespace braid::data {

std::vector<LinkUse> link_uses(const recipe::Plan& plan) {
  std::vector<LinkUse> uses;
  each_wire(plan, [&](const recipe::Wire& wire) {
    if (!wire.via.any()) return;
    const LinkUse use{wire.via, wire.to_axis, wire.axis};
    if (std::find(uses.begin(), uses.end(), use) == uses.end()) uses.push_back(use);
  });
  return uses;
}

namespace {

Reads nothing_of(const recipe::Plan& plan) {
  Reads out;
  for (const auto& axis : plan.axes)
    out.fields.emplace_back(
        axis.table == recipe::none ? 0 : plan.tables[static_cast<std::size_t>(axis.table)].fields.size(), false);
  out.counts.resize(plan.axes.size(), false);
  if (plan.train.rows == recipe::none) return out;
  const auto& driving = plan.tables[static_cast<std::size_t>(plan.train.rows)];
  out.labels.resize(driving.labels.size(), false);
  out.link_keys.resize(driving.links.size(), false);
  return out;
}

}  // namespace

Reads reads_of(const recipe::Plan& plan, const std::vector<bool>& nodes) {
  auto out = nothing_of(plan);
  for (std::size_t k = 0; k < nodes.size(); ++k)
    if (nodes[k])
      for (const auto& port : plan.nodes[k].inputs)
        for (const auto& wire : port) {
          if (wire.source == recipe::Wire::Source::field)
            out.fields[static_cast<std::size_t>(wire.axis)][static_cast<std::size_t>(wire.field)] = true;
          if (wire.source == recipe::Wire::Source::count) out.counts[static_cast<std::size_t>(wire.axis)] = true;
        }
  return out;
}

Reads reads(const recipe::Plan& plan) {
  auto out = nothing_of(plan);
  if (plan.train.rows == recipe::none) return out;
  each_wire(plan, [&](const recipe::Wire& wire) {
    using Source = recipe::Wire::Source;
    if (wire.source == Source::field)
      out.fields[static_cast<std::size_t>(wire.axis)][static_cast<std::size_t>(wire.field)] = true;
    if (wire.source == Source::count) out.counts[static_cast<std::size_t>(wire.axis)] = true;
    const bool drives =
        wire.axis == recipe::none || plan.axes[static_cast<std::size_t>(wire.axis)].table == plan.train.rows;
    if (wire.source == Source::label && drives) out.labels[static_cast<std::size_t>(wire.label)] = true;
    if (wire.source == Source::link && drives) out.link_keys[static_cast<std::size_t>(wire.link)] = true;
  });
  return out;
}

}  // namespace braid::data
