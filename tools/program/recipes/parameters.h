// How many parameters each node of a plan has: told by a weights file, or worked out from cards where that is certain.
#pragma once

#include "recipe/plan/plan.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::tools {

// A card lists the weights that a component makes with its defaults and one wire for each repeated input. With other
// values only constructing the component tells.
struct Parameters {
  std::optional<std::int64_t> exact;
  std::optional<std::int64_t> about;  // as the card's weights make it with these sizes; other values may make more
  std::string why;                    // "known after fitting": when there is no number
};

// Shapes by weight name, from the header of a safetensors file. Throws Failure naming the file and what is wrong with
// it.
using Shapes = std::map<std::string, std::vector<std::int64_t>>;
Shapes weight_shapes(const std::string& file);

// A node that runs another's component has none of its own.
recipe::Indexed<recipe::NodeId, Parameters> parameters_of(const recipe::Plan& plan);
recipe::Indexed<recipe::NodeId, Parameters> parameters_of(const recipe::Plan& plan, const Shapes& shapes);

}  // namespace braid::tools
