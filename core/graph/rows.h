// Flows of one node or field over chosen rows of a table: joined, gathered, and named by where they come from.
#pragma once

#include "recipe/plan/plan.h"
#include "sdk/state.h"

#include <optional>
#include <vector>

namespace braid::graph {

// Flows of the same kind below one another. Dims that differ are padded with zeros to the longest; where a flow has no
// mask, or a shorter padded dim, its mask says so. No flows: undefined.
Flow join(const std::vector<Flow>& parts);

// Rows of a flow, on the CPU: values as float, int64 or bool. A padded dim is cut to what these rows use, a mask that
// is all true is left out, as a batch of the data plane has it. `rows` int64[n].
Flow rows_of(const Flow& from, const at::Tensor& rows);

// A wire's source as the graph is given it: without `via`, on the axis where it is computed.
recipe::Wire without_link(const recipe::Wire& wire);

// The axis that a node's outputs live on, if they have one.
std::optional<recipe::AxisId> axis_of(const recipe::NodePlan& node);

}  // namespace braid::graph
