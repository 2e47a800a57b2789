#include "serve/ahead.h"

#include "graph/program.h"
#include "graph/rows.h"

#include <algorithm>

namespace braid::serve {
Nodes weighted(const recipe::Plan& plan, const recipe::Serving& side, bool lookup_only) {
  Nodes out(plan.nodes.size(), !lookup_only);
  for (const auto k : plan.nodes.ids())
    if (side.request[k]) out[k] = out[plan.nodes[k].same.value_or(k)] = true;
  return out;
}

Ahead::Ahead(const recipe::Plan& plan, const recipe::Serving& side) : plan_(plan) {
  nodes.assign(plan.tables.size(), Nodes(plan.nodes.size(), false));
  on_whole.assign(plan.nodes.size(), false);
  closed.assign(plan.tables.size(), false);
  const auto whole_axis = [&](std::optional<recipe::AxisId> axis) { return axis && plan.axes[*axis].whole; };
  for (const auto k : plan.nodes.ids()) {
    const auto axis = graph::axis_of(plan.nodes[k]);
    if (!side.ahead[k] || !axis) continue;
    if (whole_axis(axis)) on_whole[k] = true;
    else nodes[plan.axes[*axis].table][k] = true;
  }
  // Backwards through the nodes' order: what a node on a whole axis needs.
  for (auto behind = plan.nodes.size(); behind > 0; --behind) {
    const recipe::NodeId k{behind - 1};
    if (!on_whole[k]) continue;
    for (const auto& port : plan.nodes[k].inputs)
      for (const auto& wire : port)
        if (const auto* from = wire.node()) on_whole[from->node] = true;
  }

  for (const auto k : plan.nodes.ids()) {
    if (!side.ahead[k] && !side.request[k]) continue;
    for (const auto& port : plan.nodes[k].inputs)
      for (const auto& wire : port) {
        if (!whole_axis(wire.axis)) continue;
        if (wire.via && !(wire.via->axis_row() && wire.via->rows == *wire.axis))
          closed[plan.axes[*wire.axis].table] = true;
        const auto* node = wire.node();
        const auto* field = wire.field();
        if (!node && !field) continue;
        const auto axis = graph::axis_of(plan.nodes[k]);
        if (!side.ahead[k] || !axis || whole_axis(axis)) continue;
        if (std::any_of(whole.begin(), whole.end(),
                        [&](const Whole& w) { return w.wire.source == wire.source && w.wire.axis == wire.axis; }))
          continue;
        const auto& name = node ? plan.nodes[node->node].name : plan.table_of(*wire.axis).fields[field->field].name;
        whole.push_back({graph::without_link(wire), plan.axes[*wire.axis].name + "." + name + "." +
                                                        std::to_string(node ? node->output : field->output)});
      }
  }
}

data::Reads Ahead::reads(recipe::TableId table, const recipe::Serving& side) const {
  auto out = data::reads_of(plan_, nodes[table]);
  for (const auto a : plan_.axes.ids())  // whole axes are given
    if (plan_.axes[a].whole) std::fill(out.fields[a].begin(), out.fields[a].end(), false);
  for (const auto& stored : side.stored)
    if (const auto* from = stored.wire.field(); from && stored.table == table && !plan_.axes[*stored.wire.axis].whole)
      out.fields[*stored.wire.axis][from->field] = true;
  return out;
}

}  // namespace braid::serve
