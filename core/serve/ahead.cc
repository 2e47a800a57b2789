#include "serve/ahead.h"

#include "graph/program.h"
#include "graph/rows.h"

#include <algorithm>

namespace braid::serve {
namespace {

std::size_t at(int k) { return static_cast<std::size_t>(k); }
using Source = recipe::Wire::Source;

}  // namespace

std::vector<bool> weighted(const recipe::Plan& plan, const recipe::Serving& side, bool lookup_only) {
  std::vector<bool> out(plan.nodes.size(), !lookup_only);
  for (std::size_t k = 0; k < plan.nodes.size(); ++k)
    if (side.request[k]) out[k] = out[plan.nodes[k].same == recipe::none ? k : at(plan.nodes[k].same)] = true;
  return out;
}

Ahead::Ahead(const recipe::Plan& plan, const recipe::Serving& side) : plan_(plan) {
  nodes.assign(plan.tables.size(), std::vector<bool>(plan.nodes.size(), false));
  on_whole.assign(plan.nodes.size(), false);
  closed.assign(plan.tables.size(), false);
  for (std::size_t k = 0; k < plan.nodes.size(); ++k) {
    const int axis = graph::axis_of(plan.nodes[k]);
    if (!side.ahead[k] || axis == recipe::none) continue;
    if (plan.axes[at(axis)].whole) on_whole[k] = true;
    else nodes[at(plan.axes[at(axis)].table)][k] = true;
  }
  // Backwards through the nodes' order: what a node on a whole axis needs.
  for (std::size_t k = plan.nodes.size(); k-- > 0;)
    if (on_whole[k])
      for (const auto& port : plan.nodes[k].inputs)
        for (const auto& wire : port)
          if (wire.source == Source::node) on_whole[at(wire.node)] = true;

  for (std::size_t k = 0; k < plan.nodes.size(); ++k) {
    if (!side.ahead[k] && !side.request[k]) continue;
    for (const auto& port : plan.nodes[k].inputs)
      for (const auto& wire : port) {
        const bool to_whole = wire.axis != recipe::none && plan.axes[at(wire.axis)].whole;
        if (to_whole && wire.via.any() && wire.via.axis != wire.axis) closed[at(plan.axes[at(wire.axis)].table)] = true;
        if (!to_whole || (wire.source != Source::node && wire.source != Source::field)) continue;
        const int axis = graph::axis_of(plan.nodes[k]);
        if (!side.ahead[k] || axis == recipe::none || plan.axes[at(axis)].whole) continue;
        const auto source = graph::source_of(wire);
        if (std::any_of(whole.begin(), whole.end(), [&](const Whole& w) { return graph::source_of(w.wire) == source; }))
          continue;
        const auto& name = wire.source == Source::node
                               ? plan.nodes[at(wire.node)].name
                               : plan.tables[at(plan.axes[at(wire.axis)].table)].fields[at(wire.field)].name;
        whole.push_back(
            {graph::without_link(wire), plan.axes[at(wire.axis)].name + "." + name + "." + std::to_string(std::max(wire.port, 0))});
      }
  }
}

bool Ahead::any(int table) const {
  return std::find(nodes[at(table)].begin(), nodes[at(table)].end(), true) != nodes[at(table)].end();
}

data::Reads Ahead::reads(int table, const recipe::Serving& side) const {
  auto out = data::reads_of(plan_, nodes[at(table)]);
  for (std::size_t a = 0; a < plan_.axes.size(); ++a)  // whole axes are given
    if (plan_.axes[a].whole) std::fill(out.fields[a].begin(), out.fields[a].end(), false);
  for (const auto& stored : side.stored)
    if (stored.table == table && stored.wire.source == Source::field && !plan_.axes[at(stored.wire.axis)].whole)
      out.fields[at(stored.wire.axis)][at(stored.wire.field)] = true;
  return out;
}

}  // namespace braid::serve
