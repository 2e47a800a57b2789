// Which nodes of a plan are behind some of its wires, and which components it uses.
#pragma once

#include "recipe/plan/plan.h"

#include <functional>
#include <vector>

namespace braid::recipe {

// Per node of the plan, whether one of `ends` needs it, through any number of nodes.
Indexed<NodeId, bool> needed_nodes(const Plan& plan, const std::vector<const Wire*>& ends);
// The losses and distillers, and all that they need.
Indexed<NodeId, bool> trained_nodes(const Plan& plan);

// Every component that the plan uses: readers, fields, nodes, metrics, optimizers, schedules.
void each_use(const Plan& plan, const std::function<void(const Use&)>& visit);

}  // namespace braid::recipe
