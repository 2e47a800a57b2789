// A batch's arrays as tensors, and values carried through links and lists.
#pragma once

#include "data/batch.h"

#include <braid/frame.h>
#include <braid/ops.h>

namespace braid::graph {

// Wraps a batch's array without copying; the tensor keeps the batch's memory.
at::Tensor wrap(const data::Array& array);

// A flow carried through a link or list: int64 index [rows] or [rows, places], -1 for a padded place. The gradient of
// the value is summed in row order.
Flow carry(const Flow& from, const at::Tensor& index, const at::Tensor& list_mask);

}  // namespace braid::graph
