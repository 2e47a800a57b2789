// A plan's graph as one SVG picture.
#pragma once

#include "recipe/plan/plan.h"
#include "report/graph_layout.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace braid::report {

// What is known of a node's weights.
struct NodeFacts {
  std::int64_t parameters = 0;
  bool dead = false;       // some weight got no gradient
  std::string words = {};  // shown instead of `parameters` where it is not empty: "known after fitting"
};

// Fields and labels at the left, nodes by depth, losses and metrics at the right; wires with shapes in their <title>.
// `facts` by node name; a node that is not there has no weights, or no run told of it.
std::string graph_html(const recipe::Plan& plan, const std::map<std::string, NodeFacts>& facts);

// The same as a file of its own, with the shape of every output in its box, the serving side's two parts marked, and
// what a wire is carried through written on it where there is room. It has the colours of both light and dark.
struct PictureParts {
  std::string title;
  recipe::Indexed<recipe::NodeId, bool> ahead, request;  // as recipe::Serving has them; empty: not marked
  std::function<bool(Layout&)> other_place;              // tried before place(); false: it could not
};
std::string graph_svg(const recipe::Plan& plan, const std::map<std::string, NodeFacts>& facts,
                      const PictureParts& parts);

// "float[items, 32]": dims by axis, size, or "≤20" for places that rows need not fill; "?" what only data tells.
std::string type_text(const recipe::Plan& plan, const recipe::Type& type);

}  // namespace braid::report
