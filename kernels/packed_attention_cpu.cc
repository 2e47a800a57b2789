#include "kernels/packed_attention.h"
#include "kernels/vectors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace braid::kernels {
namespace {

constexpr Index kBlock = 36;  // queries at a time: a block's scores stay in the first cache
typedef std::int32_t Ints __attribute__((vector_size(32)));

constexpr Index padded(Index n) { return (n + kLanes - 1) / kLanes * kLanes; }

// c[R, 8 V] = (or +=) a b, where a's element (r, k) stands at r * a_row + k * a_k: either may be 1.
template <int R, int V, bool Add>
BRAID_INLINE void tile(const float* a, Index a_row, Index a_k, const float* b, Index b_row, Index count, float* c,
                       Index c_row) {
  Vec sum[R][V];
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[r][v] = Add ? vec(c + r * c_row + v * kLanes) : Vec{};
  for (Index k = 0; k < count; ++k) {
    Vec column[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) column[v] = vec(b + k * b_row + v * kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const float x = a[r * a_row + k * a_k];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[r][v] += column[v] * x;
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) vec(c + r * c_row + v * kLanes) = sum[r][v];
}

template <int R, bool Add>
BRAID_INLINE void band(const float* a, Index a_row, Index a_k, const float* b, Index b_row, Index count, float* c,
                       Index c_row, Index columns) {
  Index j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes) tile<R, 2, Add>(a, a_row, a_k, b + j, b_row, count, c + j, c_row);
  if (j < columns) tile<R, 1, Add>(a, a_row, a_k, b + j, b_row, count, c + j, c_row);
}

// c [rows, columns] = (or +=) a [rows, count] b [count, columns]; columns a multiple of 8. Six rows at a time: twelve
// registers of sums hide the latency of a multiply-add and leave four for the operands.
template <bool Add>
BRAID_INLINE void product(const float* a, Index a_row, Index a_k, const float* b, Index b_row, Index count, float* c,
                          Index c_row, Index rows, Index columns) {
  Index i = 0;
  for (; i + 6 <= rows; i += 6) band<6, Add>(a + i * a_row, a_row, a_k, b, b_row, count, c + i * c_row, c_row, columns);
  for (; i + 2 <= rows; i += 2) band<2, Add>(a + i * a_row, a_row, a_k, b, b_row, count, c + i * c_row, c_row, columns);
  if (i < rows) band<1, Add>(a + i * a_row, a_row, a_k, b, b_row, count, c + i * c_row, c_row, columns);
}

// value = exp(value) for value <= 0, within 2 units in the last place; below -87 its smallest value, which is next to
// nothing.
BRAID_INLINE void to_exp(Vec& value) {
  const Vec lowest = Vec{} - 87.0f;
  const Vec x = value < lowest ? lowest : value;
  const Vec shifted = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the sum's low bits are the rounded whole number
  const Vec whole = shifted - 12582912.0f;
  const Vec rest = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  Vec p = rest * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * rest + 8.3334519073e-3f;
  p = p * rest + 4.1665795894e-2f;
  p = p * rest + 1.6666665459e-1f;
  p = p * rest + 5.0000001201e-1f;
  p = p * rest * rest + rest + 1.0f;
  value = (Vec)((Ints)p + ((Ints)shifted << 23));  // casts of vectors keep the bits: times 2^whole
}

BRAID_INLINE float sum_of(const Vec& x) {  // a tree: eight additions one after the other take long
  return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7]));
}
BRAID_INLINE float most_of(const Vec& x) {
  const auto most = [](float a, float b) __attribute__((always_inline)) { return a > b ? a : b; };
  return most(most(most(x[0], x[4]), most(x[1], x[5])), most(most(x[2], x[6]), most(x[3], x[7])));
}

// One head of one row, copied together: values padded to whole registers by zeros, times `scale`.
BRAID_INLINE void copy_rows(const float* from, Index step, Index count, Index width, float scale, float* to) {
  const auto wide = padded(width), whole = width / kLanes * kLanes;
  for (Index t = 0; t < count; ++t) {
    for (Index c = 0; c < whole; c += kLanes) vec(to + t * wide + c) = vec(from + t * step + c) * scale;
    for (Index c = whole; c < width; ++c) to[t * wide + c] = from[t * step + c] * scale;
    for (Index c = width; c < wide; ++c) to[t * wide + c] = 0;
  }
}
// 8 x 8 values turned over. Rows of `from` lie `step` apart, those of `to` `wide`.
BRAID_INLINE void turn(const float* from, Index step, float* to, Index wide) {
  Vec a[8], b[8];
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) a[k] = vec(from + k * step);
#pragma GCC unroll 4
  for (int k = 0; k < 8; k += 2) {
    b[k] = __builtin_shufflevector(a[k], a[k + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    b[k + 1] = __builtin_shufflevector(a[k], a[k + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma GCC unroll 2
  for (int k = 0; k < 8; k += 4)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      a[k + j] = __builtin_shufflevector(b[k + j], b[k + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      a[k + j + 2] = __builtin_shufflevector(b[k + j], b[k + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) {
    vec(to + k * wide) = __builtin_shufflevector(a[k], a[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    vec(to + (k + 4) * wide) = __builtin_shufflevector(a[k], a[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

// One head of one row turned over: [width, padded(count)], zeros beyond `count`.
BRAID_INLINE void copy_turned(const float* from, Index step, Index count, Index width, float* to) {
  const auto wide = padded(count), tokens = count / kLanes * kLanes, values = width / kLanes * kLanes;
  for (Index t = 0; t < tokens; t += kLanes) {
    for (Index c = 0; c < values; c += kLanes) turn(from + t * step + c, step, to + c * wide + t, wide);
    for (Index c = values; c < width; ++c)
      for (Index k = t; k < t + kLanes; ++k) to[c * wide + k] = from[k * step + c];
  }
  if (tokens == wide) return;
  for (Index c = 0; c < width; ++c) {
    for (auto t = tokens; t < count; ++t) to[c * wide + t] = from[t * step + c];
    for (auto t = count; t < wide; ++t) to[c * wide + t] = 0;
  }
}
BRAID_INLINE void copy_back(const float* from, Index count, Index width, float scale, float* to, Index step) {
  const auto wide = padded(width), whole = width / kLanes * kLanes;
  for (Index t = 0; t < count; ++t) {
    for (Index c = 0; c < whole; c += kLanes) vec(to + t * step + c) = vec(from + t * wide + c) * scale;
    for (Index c = whole; c < width; ++c) to[t * step + c] = from[t * wide + c] * scale;
  }
}

struct Longest {
  Index queries = 0, keys = 0;
};
Longest longest(const PackedAttention& in, Index begin, Index end) {
  Longest out;
  for (auto r = begin; r < end; ++r) {
    out.queries = std::max(out.queries, in.q_starts[r + 1] - in.q_starts[r]);
    out.keys = std::max(out.keys, in.k_starts[r + 1] - in.k_starts[r]);
  }
  return out;
}

// Scratch memory, handed out piece by piece.
class Scratch {
 public:
  explicit Scratch(Index floats) : memory_(static_cast<std::size_t>(floats)) {}
  float* take(Index floats) { return std::exchange(at_, at_ + floats); }

 private:
  std::vector<float> memory_;
  float* at_ = memory_.data();
};

constexpr float kNever = -1e30f;  // a score whose weight is zero

// How many of a row's `keys` the query at `place` sees, and how many those of the block [first, first + count).
BRAID_INLINE Index keys_of(const PackedAttention& in, Index keys, Index place) {
  return in.causal ? std::min(keys, place + 1) : keys;
}

BRAID_INLINE void forward_body(const PackedAttention& in, Index begin, Index end, float* out, float* log_sum) {
  const auto most = longest(in, begin, end);
  const auto d = in.width, wide = padded(d), all = in.heads * d, keys_wide = padded(most.keys);
  Scratch scratch(d * keys_wide + keys_wide * wide + kBlock * (2 * wide + keys_wide));
  float *const kt = scratch.take(d * keys_wide), *const v = scratch.take(keys_wide * wide),
               *const q = scratch.take(kBlock * wide), *const o = scratch.take(kBlock * wide),
               *const s = scratch.take(kBlock * keys_wide);
  float share[kBlock];  // one over the sum of a query's weights
  for (auto r = begin; r < end; ++r) {
    const auto q_begin = in.q_starts[r], queries = in.q_starts[r + 1] - q_begin, k_begin = in.k_starts[r],
               keys = in.k_starts[r + 1] - k_begin;
    const auto keys_row = padded(keys);
    if (keys == 0) {
      std::memset(out + q_begin * all, 0, static_cast<std::size_t>(queries * all) * sizeof(float));
      if (log_sum)
        std::memset(log_sum + q_begin * in.heads, 0, static_cast<std::size_t>(queries * in.heads) * sizeof(float));
      continue;
    }
    for (Index h = 0; h < in.heads; ++h) {
      copy_turned(in.k + k_begin * in.k_step + h * d, in.k_step, keys, d, kt);
      copy_rows(in.v + k_begin * in.k_step + h * d, in.k_step, keys, d, 1, v);
      for (Index first = 0; first < queries; first += kBlock) {
        const auto count = std::min(kBlock, queries - first);
        const auto seen = keys_of(in, keys, first + count - 1), columns = padded(seen);  // by any of the block
        copy_rows(in.q + (q_begin + first) * in.q_step + h * d, in.q_step, count, d, in.scale, q);
        product<false>(q, wide, 1, kt, keys_row, d, s, columns, count, columns);
        for (Index i = 0; i < count; ++i) {
          float* const row = s + i * columns;
          const auto own = keys_of(in, keys, first + i);
          for (auto j = own; j < columns; ++j) row[j] = kNever;
          Vec top = vec(row);
          for (Index j = kLanes; j < columns; j += kLanes) top = vec(row + j) > top ? vec(row + j) : top;
          const float high = most_of(top);
          Vec sum{};
          for (Index j = 0; j < columns; j += kLanes) {
            Vec x = vec(row + j) - high;
            to_exp(x);
            sum += vec(row + j) = x;  // beyond the keys: 1e-38, nothing beside the largest, which is 1
          }
          for (auto j = own; j < seen; ++j) row[j] = 0;  // later places, whatever numbers they hold
          const float total = sum_of(sum);
          share[i] = 1.0f / total;
          if (log_sum) log_sum[(q_begin + first + i) * in.heads + h] = high + std::log(total);
        }
        product<false>(s, columns, 1, v, wide, seen, o, wide, count, wide);
        for (Index i = 0; i < count; ++i)
          copy_back(o + i * wide, 1, d, share[i], out + (q_begin + first + i) * all + h * d, all);
      }
    }
  }
}

BRAID_INLINE void backward_body(const PackedAttention& in, const float* log_sum, const float* grad, Index begin,
                                Index end, float* grad_q, float* grad_k, float* grad_v) {
  const auto most = longest(in, begin, end);
  const auto d = in.width, wide = padded(d), all = in.heads * d, keys_wide = padded(most.keys);
  Scratch scratch(2 * d * keys_wide + 3 * keys_wide * wide + kBlock * (3 * wide + 2 * keys_wide));
  float *const kt = scratch.take(d * keys_wide), *const vt = scratch.take(d * keys_wide),
               *const k = scratch.take(keys_wide * wide), *const dk = scratch.take(keys_wide * wide),
               *const dv = scratch.take(keys_wide * wide), *const q = scratch.take(kBlock * wide),
               *const g = scratch.take(kBlock * wide), *const dq = scratch.take(kBlock * wide),
               *const p = scratch.take(kBlock * keys_wide), *const ds = scratch.take(kBlock * keys_wide);
  for (auto r = begin; r < end; ++r) {
    const auto q_begin = in.q_starts[r], queries = in.q_starts[r + 1] - q_begin, k_begin = in.k_starts[r],
               keys = in.k_starts[r + 1] - k_begin;
    const auto keys_row = padded(keys);
    for (Index h = 0; h < in.heads; ++h) {
      copy_turned(in.k + k_begin * in.k_step + h * d, in.k_step, keys, d, kt);
      copy_turned(in.v + k_begin * in.k_step + h * d, in.k_step, keys, d, vt);
      copy_rows(in.k + k_begin * in.k_step + h * d, in.k_step, keys, d, 1, k);
      std::memset(dk, 0, static_cast<std::size_t>(keys * wide) * sizeof(float));
      std::memset(dv, 0, static_cast<std::size_t>(keys * wide) * sizeof(float));
      for (Index first = 0; first < queries; first += kBlock) {
        const auto count = std::min(kBlock, queries - first), token = q_begin + first;
        float* const to = grad_q + token * in.q_step + h * d;
        if (keys == 0) {
          for (Index i = 0; i < count; ++i)
            std::memset(to + i * in.q_step, 0, static_cast<std::size_t>(d) * sizeof(float));
          continue;
        }
        const auto seen = keys_of(in, keys, first + count - 1), columns = padded(seen);  // by any of the block
        copy_rows(in.q + token * in.q_step + h * d, in.q_step, count, d, in.scale, q);
        copy_rows(grad + token * all + h * d, all, count, d, 1, g);
        product<false>(q, wide, 1, kt, keys_row, d, p, columns, count, columns);
        product<false>(g, wide, 1, vt, keys_row, d, ds, columns, count, columns);
        for (Index i = 0; i < count; ++i) {
          float *const weight = p + i * columns, *const slope = ds + i * columns;
          const float log_total = log_sum[(token + i) * in.heads + h];
          const auto own = keys_of(in, keys, first + i);
          for (auto j = own; j < columns; ++j) weight[j] = kNever, slope[j] = 0;
          Vec mean{};
          for (Index j = 0; j < columns; j += kLanes) {
            Vec x = vec(weight + j) - log_total;
            to_exp(x);
            vec(weight + j) = x;
            mean += x * vec(slope + j);
          }
          for (auto j = own; j < seen; ++j) weight[j] = 0;
          const float shift = sum_of(mean);
          for (Index j = 0; j < columns; j += kLanes) vec(slope + j) = vec(weight + j) * (vec(slope + j) - shift);
        }
        product<false>(ds, columns, 1, k, wide, seen, dq, wide, count, wide);
        copy_back(dq, count, d, in.scale, to, in.q_step);
        product<true>(ds, 1, columns, q, wide, count, dk, wide, seen, wide);
        product<true>(p, 1, columns, g, wide, count, dv, wide, seen, wide);
      }
      copy_back(dk, keys, d, 1, grad_k + k_begin * in.k_step + h * d, in.k_step);
      copy_back(dv, keys, d, 1, grad_v + k_begin * in.k_step + h * d, in.k_step);
    }
  }
}

#if BRAID_TWO_VERSIONS
[[gnu::target("avx2,fma")]] void forward_avx2(const PackedAttention& in, Index begin, Index end, float* out,
                                              float* log_sum) {
  forward_body(in, begin, end, out, log_sum);
}
[[gnu::target("avx2,fma")]] void backward_avx2(const PackedAttention& in, const float* log_sum, const float* grad,
                                               Index begin, Index end, float* grad_q, float* grad_k, float* grad_v) {
  backward_body(in, log_sum, grad, begin, end, grad_q, grad_k, grad_v);
}
bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  return yes;
}
#endif

}  // namespace

void packed_attention(const PackedAttention& in, std::int64_t begin, std::int64_t end, float* out, float* log_sum) {
#if BRAID_TWO_VERSIONS
  if (has_avx2()) return forward_avx2(in, begin, end, out, log_sum);
#endif
  forward_body(in, begin, end, out, log_sum);
}

void packed_attention_backward(const PackedAttention& in, const float* log_sum, const float* grad, std::int64_t begin,
                               std::int64_t end, float* grad_q, float* grad_k, float* grad_v) {
#if BRAID_TWO_VERSIONS
  if (has_avx2()) return backward_avx2(in, log_sum, grad, begin, end, grad_q, grad_k, grad_v);
#endif
  backward_body(in, log_sum, grad, begin, end, grad_q, grad_k, grad_v);
}

}  // namespace braid::kernels
