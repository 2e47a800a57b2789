// The packed attention of packed_attention.h for tensors, differentiable. Float on the CPU alone.
#pragma once

#include <ATen/core/Tensor.h>

namespace braid::kernels {

// Whether packed_attention() takes these tensors.
bool packed_attention_takes(const at::Tensor& x);

// q [queries, dim]; kv [keys, 2 * dim]: keys, then values; starts int64[rows + 1] on the CPU, dense. Heads lie side by
// side in dim. Returns [queries, dim].
at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& kv, const at::Tensor& q_starts,
                            const at::Tensor& kv_starts, std::int64_t heads, double scale);
// qkv [tokens, 3 * dim]: queries, keys, values. causal: a token sees those before it and itself. Returns [tokens, dim].
at::Tensor packed_self_attention(const at::Tensor& qkv, const at::Tensor& starts, std::int64_t heads, double scale,
                                 bool causal = false);

}  // namespace braid::kernels
