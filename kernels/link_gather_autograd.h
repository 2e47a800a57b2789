// The link gather as a differentiable function of tensors. Nothing is registered with LibTorch's dispatcher.
#pragma once

#include <ATen/core/Tensor.h>

namespace braid::kernels {

// Rows of x [n, rest...] by index int64 [places...]: [places..., rest...]; an index below 0 reads zeros and gives no
// gradient, one of n or more throws c10::IndexError. Differentiable in x, any number of times. For float and double on
// the CPU the gradient has the same bits for any number of threads; others go through index_select, whose gradient is
// deterministic where LibTorch's deterministic algorithms are on. Safe from many threads.
at::Tensor link_gather(const at::Tensor& x, const at::Tensor& index);

}  // namespace braid::kernels
