// What of a plan answers requests: what is computed ahead for whole tables, and what waits for a request.
#pragma once

#include "recipe/plan.h"

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
// stands in both.
struct Serving {
  std::vector<Wire> outputs;          // [serve] outputs, else [eval] score; they live on the driving table's rows
  std::vector<bool> ahead, request;   // per node of the plan
  std::vector<Stored> stored;         // what the part on request reads of the part ahead, and of entity tables' fields
  int candidates = none;              // the driving table's link that a request's candidates stand for: [serve]
                                      // candidates, else the one that the first list is `of`, else the last one read
};

Serving serving(const Plan& plan);

}  // namespace braid::recipe
