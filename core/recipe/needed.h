// Which nodes of a plan stand behind some of its wires.
#pragma once

#include "recipe/plan.h"

#include <vector>

namespace braid::recipe {

// Per node of the plan, whether one of `ends` needs it, through any number of nodes.
std::vector<bool> needed_nodes(const Plan& plan, const std::vector<const Wire*>& ends);
// The losses and distillers, and all that they need.
std::vector<bool> trained_nodes(const Plan& plan);

}  // namespace braid::recipe
