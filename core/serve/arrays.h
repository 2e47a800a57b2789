// What an export keeps of a node or a field, rows of one table: values and masks, joined, cut and gathered.
#pragma once

#include "sdk/state.h"

#include <string>
#include <vector>

namespace braid::serve {

// Flows of the same kind below one another. Dims that differ are padded with zeros to the longest; where a flow has no
// mask, or a shorter padded dim, its mask says so. No flows: undefined.
Flow join(const std::vector<Flow>& parts);

// Rows of a flow, on the CPU: values as float, int64 or bool. A padded dim is cut to what these rows use, a mask that
// is all true is left out, as a batch of the data plane has it. `rows` int64[n].
Flow rows_of(const Flow& from, const at::Tensor& rows);

}  // namespace braid::serve
