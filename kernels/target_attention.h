// Target attention: a history pooled by how much each of its places has to do with the row's target.
//
//   z[j]      = relu(base + W_place h[j] + W_product (t * h[j]))       width numbers, per place j where mask is true
//   s[j]      = score . z[j] + bias
//   weight[j] = softmax over the row's places of s, or s itself        0 where mask is false
//   pooled    = sum over j of weight[j] h[j]                           zeros where no place is true
//
// The first layer of a unit over [t, h, t - h, t * h] has this form: what depends on t alone is in `base`. For one row
// both products join into (W_place + W_product diag(t)) h[j], so that a place costs one small matrix product instead of
// two and neither t * h nor any concatenation is ever written to memory.
//
// Plain functions on raw memory; all arrays are dense and row-major, sizes count elements, and nothing overlaps. Each
// call does a half-open range of rows, so that the caller decides about threads. Safe from many threads.
#pragma once

#include <cstdint>
#include <vector>

namespace braid::kernels {

struct TargetAttention {
  // One of the vectors that stand side by side: its history [rows, places, dim].
  struct Stream {
    const float* history;
    std::int64_t dim;
  };  // dim: a multiple of 8

  std::int64_t rows = 0, places = 0, width = 0;
  std::vector<Stream> streams;
  const float* target = nullptr;     // [rows, dims], dims being the sum of the streams'
  const float* base = nullptr;       // [rows, width]
  const float* w_place = nullptr;    // [width, dims]
  const float* w_product = nullptr;  // [width, dims]
  const float* score = nullptr;      // [width]
  float bias = 0;
  const bool* mask = nullptr;  // [rows, places]
  bool softmax = true;

  std::int64_t dims() const {
    std::int64_t sum = 0;
    for (const auto& s : streams) sum += s.dim;
    return sum;
  }
  std::int64_t padded_width() const { return (width + 7) / 8 * 8; }  // what a row of `hidden` takes
};

// pooled [rows, dims], weight [rows, places] and hidden [rows, places, padded_width] (z; undefined where mask is false)
// for rows [begin, end). `hidden` may be null: then nothing is kept for a backward.
void target_attention(const TargetAttention& in, std::int64_t begin, std::int64_t end, float* pooled, float* weight,
                      float* hidden);

// Gradients for rows [begin, end). base, target and histories are written; the shared ones are added to, so that each
// thread or part has its own and they are summed in one order.
struct TargetAttentionGrads {
  float* base = nullptr;        // [rows, width]
  float* target = nullptr;      // [rows, dims]
  std::vector<float*> history;  // per stream [rows, places, dim]
  float* w_place = nullptr;     // [width, dims]   added to
  float* w_product = nullptr;   // [width, dims]   added to
  float* score = nullptr;       // [width]         added to
  float* bias = nullptr;        // [1]             added to
};
void target_attention_backward(const TargetAttention& in, const float* weight, const float* hidden,
                               const float* grad_pooled, std::int64_t begin, std::int64_t end,
                               const TargetAttentionGrads& out);

}  // namespace braid::kernels
