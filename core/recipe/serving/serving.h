// What of a plan answers requests: what is computed ahead for whole tables, and what waits for a request.
#pragma once

#include "recipe/plan/plan.h"

#include <functional>
#include <string>
#include <vector>

namespace braid::recipe {

// An array that an export keeps: one row per entity of a table, row 0 the unknown one.
struct Stored {
  TableId table;
  Wire wire;         // a node's output or a field, on the axis where it is computed; without `via`
  std::string name;  // "content.vector", "items.id"
};

// The serving side of a plan; losses, distillers, teachers, metrics and whatever only they need are in no part of it.
//
// *Ahead* is a node that depends on one entity table's fields and on whole axes only: it is run for every row of the
// table when a run is exported, and again for entities that come inline with a request. *On request* is the rest: two
// tables, a list, an event row; and, unless the recipe says serve = "ahead", nodes that only look up tables (all of
// their weights are embedding rows): storing what they give would store the table twice. A node that feeds both parts
// stands in both; one that the recipe puts on request (serve = "request") takes all that read it along.
struct Serving {
  std::vector<Wire> outputs;  // [serve] outputs, else [eval] score; they live on the driving table's rows
  Indexed<NodeId, bool> ahead, request;
  std::vector<Stored> stored;        // what the part on request reads of the part ahead, and of entity tables' fields
  std::optional<LinkId> candidates;  // the driving table's link that a request's candidates stand for: [serve]
                                     // candidates, else the one that the first history is `of`, else the last one that
                                     // a served wire goes through; nothing: none goes through a link
  std::string trouble;               // why nothing can be served; empty: `outputs` are not
};

Serving serving(const Plan& plan);

// The serving side as a recipe of its own (top-level `serving = true`): only nodes that serve, and those whose
// component they run (`same`), with the tables, fields, links, lists and axes that these read. Nothing of training is
// in it: files, splits, labels, metrics, optimizer. Checking it looks at no file and gives the nodes, wires, sizes and
// values of `plan`. A node that copies another (`copy`) is one of its own there. Throws std::logic_error without
// outputs.
std::string serving_text(const Plan& plan);

// Whether a node needs the rows of one entity table and whole axes alone, so that it can be computed for all of these
// rows at once; for a plan's wires and for those that are drafts yet.
template <class AnyWire>
struct Alone {
  bool can = false;
  std::optional<TableId> table;      // whose rows it needs; nothing for whole axes alone
  const AnyWire* against = nullptr;  // the first wire that prevents it; null when the node itself may not
};

// Per node. `order`: so that sources come first. `each_wire(node, visit)` and `may(node)` are asked.
template <class AnyWire, class Node, class Order, class EachWire, class May>
Indexed<Node, Alone<AnyWire>> alone(const Plan& plan, std::size_t count, const Order& order, const EachWire& each_wire,
                                    const May& may) {
  Indexed<Node, Alone<AnyWire>> out(count);
  for (const Node k : order) {
    auto& node = out[k];
    node.can = may(k);
    each_wire(k, [&](const AnyWire& wire) {
      if (node.against) return;
      // A number for the whole batch is another one in every batch.
      const auto whole = [&](std::optional<AxisId> axis) { return axis && plan.axes[*axis].whole; };
      const auto to = wire.to_axis();
      const bool stays = !wire.via || wire.via->axis_row();
      bool good =
          to && (stays || (whole(to) && whole(wire.axis))) && !is<LabelOf>(wire.source) && !is<LinkKey>(wire.source);
      if (const auto* from = wire.node(); good && from) good = out[from->node].can;
      if (good && !whole(to)) {
        const auto table = plan.axes[*to].table;
        good = !plan.tables[table].event() && node.table.value_or(table) == table;
        if (good) node.table = table;
      }
      if (!good) node.against = &wire, node.can = false;
    });
  }
  return out;
}

// The same of a whole plan's nodes.
Indexed<NodeId, Alone<Wire>> alone(const Plan& plan, const std::function<bool(NodeId)>& may);

}  // namespace braid::recipe
