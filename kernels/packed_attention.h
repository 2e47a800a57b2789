// Attention inside rows of unequal length that lie end to end: no padding, no mask, nothing stored of size keys x
// queries.
//
// out[i] = sum_j softmax_j(scale * q_i . k_j) v_j, j over the keys of i's row (up to i's own place where it is
// causal), each head for itself.
#pragma once

#include <cstdint>

namespace braid::kernels {

struct PackedAttention {
  std::int64_t rows = 0, heads = 1, width = 0;  // width: values of one head
  // Token t, head h starts at x + t * x_step + h * width. Keys and values share their step.
  const float *q = nullptr, *k = nullptr, *v = nullptr;
  std::int64_t q_step = 0, k_step = 0;
  // [rows + 1]: the first query, the first key of each row.
  const std::int64_t *q_starts = nullptr, *k_starts = nullptr;
  float scale = 1;
  // Query i of a row sees the row's keys 0 to i alone. A row has as many queries as keys then.
  bool causal = false;
};

// Rows [begin, end). out [queries, heads * width]; a query without keys gives zeros. log_sum [queries, heads]: the
// logarithm of the softmax's denominator, for the backward; null: not kept.
void packed_attention(const PackedAttention& in, std::int64_t begin, std::int64_t end, float* out, float* log_sum);

// Gradients of q, k, v for rows [begin, end), written (not added) in the layout of q, k, v. grad [queries, heads *
// width].
void packed_attention_backward(const PackedAttention& in, const float* log_sum, const float* grad, std::int64_t begin,
                               std::int64_t end, float* grad_q, float* grad_k, float* grad_v);

}  // namespace braid::kernels
