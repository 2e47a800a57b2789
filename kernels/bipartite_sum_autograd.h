// The bipartite sum as a differentiable function of tensors. Nothing is registered with LibTorch's dispatcher.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

namespace braid::kernels {

// The mean of x and of its `layers` layers, as bipartite_sum.h says: user [users, dim], item [items, dim] to the same
// sizes. edge_user, edge_item int64[edges]: rows of users and items. Differentiable in user and item, any number of
// times: the operator is symmetric, so that its backward is itself. For float on the CPU the bits do not depend on the
// number of threads; bfloat16 and half are summed in float; others go through LibTorch's operators. Throws c10::Error
// for sizes that do not fit. Safe from many threads.
std::pair<at::Tensor, at::Tensor> bipartite_mean(const at::Tensor& user, const at::Tensor& item,
                                                 const at::Tensor& edge_user, const at::Tensor& edge_item,
                                                 std::int64_t layers);

// The same through LibTorch's operators alone, whatever the type: for tests and the benchmark.
std::pair<at::Tensor, at::Tensor> bipartite_mean_by_operators(const at::Tensor& user, const at::Tensor& item,
                                                              const at::Tensor& edge_user, const at::Tensor& edge_item,
                                                              std::int64_t layers);

}  // namespace braid::kernels
