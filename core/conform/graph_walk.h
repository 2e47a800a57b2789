// What stands in the autograd graph behind a tensor. A file of its own: the header it needs costs seconds.
#pragma once

#include <ATen/core/Tensor.h>

#include <set>
#include <string>

namespace braid::conform {

// Names of the operations behind x ("MulBackward0"); empty for a leaf.
std::set<std::string> operations_behind(const at::Tensor& x);
// How many there are.
std::size_t operations_count(const at::Tensor& x);

}  // namespace braid::conform
