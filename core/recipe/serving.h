// What of a plan answers requests: what is computed ahead for whole tables, and what waits for a request.
#pragma once

#include "recipe/plan.h"

#include <functional>
#include <string>
#include <vector>

namespace braid::recipe {

// An array that an export keeps: one row per entity of a table, row 0 the unknown one.
struct Stored {
  int table = none;
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
  std::vector<Wire> outputs;         // [serve] outputs, else [eval] score; they live on the driving table's rows
  std::vector<bool> ahead, request;  // per node of the plan
  std::vector<Stored> stored;        // what the part on request reads of the part ahead, and of entity tables' fields
  int candidates = none;             // the driving table's link that a request's candidates stand for: [serve]
                                     // candidates, else the one that the first history is `of`, else the last one that
                                     // a served wire goes through; none: nothing goes through a link
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
// rows at once. `table`: whose rows it needs, none for whole axes alone; `against`: the first wire that prevents it, or
// null when the node itself may not.
struct Alone {
  bool can = false;
  int table = none;
  const Wire* against = nullptr;
};
// Per node. `order`: so that sources come first; `may` and `each_wire` are asked by node number, as wires count them.
std::vector<Alone> alone(const Plan& tables, const std::vector<int>& order,
                         const std::function<void(int, const std::function<void(const Wire&)>&)>& each_wire,
                         const std::function<bool(int)>& may);
// The same of a checked plan's nodes.
std::vector<Alone> alone(const Plan& plan, const std::function<bool(int)>& may);

}  // namespace braid::recipe
