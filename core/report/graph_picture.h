// A plan's graph as one SVG picture.
#pragma once

#include "recipe/plan.h"

#include <cstdint>
#include <map>
#include <string>

namespace braid::report {

// What a run told of a node's weights.
struct NodeFacts {
  std::int64_t parameters = 0;
  bool dead = false;  // some weight got no gradient
};

// Fields and labels at the left, nodes by depth, losses and metrics at the right; wires with shapes in their <title>.
// `facts` by node name; a node that is not there has no weights, or no run told of it.
std::string graph_html(const recipe::Plan& plan, const std::map<std::string, NodeFacts>& facts);

// "float[items, 32]": dims by axis, size, or "≤20" for places that rows need not fill; "?" what only data tells.
std::string type_text(const recipe::Plan& plan, const recipe::Type& type);

}  // namespace braid::report
