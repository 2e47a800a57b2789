#pragma once

#include <ATen/core/Tensor.h>

namespace at {
inline Tensor empty(const std::vector<std::int64_t>& sizes, const TensorOptions& options) {
  return {sizes, options.type()};
}
}  // namespace at
