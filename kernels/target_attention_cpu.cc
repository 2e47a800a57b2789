#include "kernels/target_attention.h"
#include "kernels/vectors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace braid::kernels {
namespace {

// sum[r][v] += over k of a[r * a_row + k * a_k] * b[k * b_row + 8 v ...]: R x V registers.
template <int R, int V>
BRAID_INLINE void multiply(const float* a, Index a_row, Index a_k, const float* b, Index b_row, Index count,
                           Vec (&sum)[R][V]) {
  for (Index k = 0; k < count; ++k) {
    Vec column[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) column[v] = vec(b + k * b_row + v * kLanes);
#pragma GCC unroll 5
    for (int r = 0; r < R; ++r) {
      const float x = a[r * a_row + k * a_k];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[r][v] += column[v] * x;
    }
  }
}

// c[rows, columns] (+)= a b, `columns` a multiple of 8. Five rows at a time: 20 places are four times five, and ten
// registers of sums leave room for the operands.
template <int R, int V>
BRAID_INLINE void product_tile(const float* a, Index a_row, Index a_k, const float* b, Index b_row, Index count,
                               float* c, Index c_row) {
  Vec sum[R][V];
#pragma GCC unroll 5
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[r][v] = vec(c + r * c_row + v * kLanes);
  multiply<R, V>(a, a_row, a_k, b, b_row, count, sum);
#pragma GCC unroll 5
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) vec(c + r * c_row + v * kLanes) = sum[r][v];
}

template <int R>
BRAID_INLINE void product_rows(const float* a, Index a_row, const float* b, Index b_row, Index count, float* c,
                               Index c_row, Index columns) {
  Index j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes) product_tile<R, 2>(a, a_row, 1, b + j, b_row, count, c + j, c_row);
  if (j < columns) product_tile<R, 1>(a, a_row, 1, b + j, b_row, count, c + j, c_row);
}

// c [rows, columns] += a [rows, count] b [count, columns]
BRAID_INLINE void product(const float* a, Index a_row, const float* b, Index b_row, Index count, float* c, Index c_row,
                          Index rows, Index columns) {
  Index i = 0;
  for (; i + 5 <= rows; i += 5) product_rows<5>(a + i * a_row, a_row, b, b_row, count, c + i * c_row, c_row, columns);
  const auto rest = [&](auto n) __attribute__((always_inline)) {
    product_rows<decltype(n)::value>(a + i * a_row, a_row, b, b_row, count, c + i * c_row, c_row, columns);
  };
  switch (rows - i) {
    case 4:
      rest(std::integral_constant<int, 4>{});
      break;
    case 3:
      rest(std::integral_constant<int, 3>{});
      break;
    case 2:
      rest(std::integral_constant<int, 2>{});
      break;
    case 1:
      rest(std::integral_constant<int, 1>{});
      break;
    default:
      break;
  }
}

// The stretch of places that holds all true ones: histories are aligned to one side, so that little else is in it.
struct Span {
  Index begin, end;
};
BRAID_INLINE Span span_of(const bool* mask, Index places) {
  Index begin = 0, end = places;
  while (begin < end && !mask[begin]) ++begin;
  while (end > begin && !mask[end - 1]) --end;
  return {begin, end};
}

// Weights of one row from its scores; places outside are 0 already.
BRAID_INLINE void softmax(const bool* mask, Span span, float* s) {
  float largest = -std::numeric_limits<float>::infinity(), sum = 0;
  for (Index j = span.begin; j < span.end; ++j)
    if (mask[j]) largest = std::max(largest, s[j]);
  for (Index j = span.begin; j < span.end; ++j) {
    s[j] = mask[j] ? std::exp(s[j] - largest) : 0.0F;
    sum += s[j];
  }
  for (Index j = span.begin; j < span.end; ++j) s[j] /= sum;
}

BRAID_INLINE float total(Vec x) {
  float sum = 0;
  for (int k = 0; k < kLanes; ++k) sum += x[k];
  return sum;
}

// Rows of w [width, dims] as columns of [dims, padded]; places past the width are zeros.
std::vector<float> transposed(const float* w, Index width, Index dims, Index padded) {
  std::vector<float> out(static_cast<std::size_t>(dims * padded));
  for (Index i = 0; i < width; ++i)
    for (Index d = 0; d < dims; ++d) out[static_cast<std::size_t>(d * padded + i)] = w[i * dims + d];
  return out;
}

struct Forward {
  std::vector<float> place, product, joined, scratch, score;
};

BRAID_INLINE void forward_body(const TargetAttention& in, Index begin, Index end, float* pooled, float* weight,
                               float* hidden, Forward& own) {
  const Index width = in.width, padded = in.padded_width(), dims = in.dims(), places = in.places;
  float* const joined = own.joined.data();
  for (Index row = begin; row < end; ++row) {
    const bool* mask = in.mask + row * places;
    float* const w = weight + row * places;
    float* const to = pooled + row * dims;
    std::fill(w, w + places, 0.0F);
    std::fill(to, to + dims, 0.0F);
    const auto span = span_of(mask, places);
    if (span.begin == span.end) continue;

    const float* t = in.target + row * dims;
    for (Index d = 0; d < dims; ++d)
      for (Index i = 0; i < padded; i += kLanes)
        vec(joined + d * padded + i) = vec(&own.place[static_cast<std::size_t>(d * padded + i)]) +
                                       vec(&own.product[static_cast<std::size_t>(d * padded + i)]) * t[d];

    float* const z = hidden ? hidden + row * places * padded : own.scratch.data();
    for (Index j = span.begin; j < span.end; ++j) {
      std::memcpy(z + j * padded, in.base + row * width, static_cast<std::size_t>(width) * sizeof(float));
      std::fill(z + j * padded + width, z + (j + 1) * padded, 0.0F);
    }
    Index from = 0;
    for (const auto& s : in.streams) {
      product(s.history + (row * places + span.begin) * s.dim, s.dim, joined + from * padded, padded, s.dim,
              z + span.begin * padded, padded, span.end - span.begin, padded);
      from += s.dim;
    }
    for (Index j = span.begin; j < span.end; ++j) {
      Vec sum{};
      for (Index i = 0; i < padded; i += kLanes) {
        Vec& x = vec(z + j * padded + i);  // not auto: that would promise alignment
        x = x < 0 ? Vec{} : x;             // a NaN stays one
        sum += x * vec(&own.score[static_cast<std::size_t>(i)]);
      }
      w[j] = mask[j] ? total(sum) + in.bias : 0.0F;
    }
    if (in.softmax) softmax(mask, span, w);
    from = 0;
    for (const auto& s : in.streams) {
      for (Index j = span.begin; j < span.end; ++j) {
        const float* h = s.history + (row * places + j) * s.dim;
        for (Index d = 0; d < s.dim; d += kLanes) vec(to + from + d) += vec(h + d) * w[j];
      }
      from += s.dim;
    }
  }
}

// One row of the weights' gradients: for R rows i of W, g = sum over places of dz[j][i] h[j], added to W_place's,
// times t to W_product's, and times W_product to the target's.
template <int R, int V>
BRAID_INLINE void weights_tile(const float* dz, Index padded, const float* h, Index h_row, Index count, const float* t,
                               const float* w_product, Index dims, float* to_place, float* to_product,
                               float* to_target) {
  Vec sum[R][V] = {};
  multiply<R, V>(dz, 1, padded, h, h_row, count, sum);
#pragma GCC unroll 2
  for (int v = 0; v < V; ++v) {
    const auto at = v * kLanes;
    Vec target = vec(to_target + at);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      vec(to_place + r * dims + at) += sum[r][v];
      vec(to_product + r * dims + at) += sum[r][v] * vec(t + at);
      target += sum[r][v] * vec(w_product + r * dims + at);
    }
    vec(to_target + at) = target;
  }
}

template <int R>
BRAID_INLINE void weights_rows(const float* dz, Index padded, const float* h, Index dim, Index count, const float* t,
                               const float* w_product, Index dims, float* to_place, float* to_product,
                               float* to_target) {
  Index j = 0;
  for (; j + 2 * kLanes <= dim; j += 2 * kLanes)
    weights_tile<R, 2>(dz, padded, h + j, dim, count, t + j, w_product + j, dims, to_place + j, to_product + j,
                       to_target + j);
  if (j < dim)
    weights_tile<R, 1>(dz, padded, h + j, dim, count, t + j, w_product + j, dims, to_place + j, to_product + j,
                       to_target + j);
}

struct Backward {
  std::vector<float> joined, dz, factor, score;  // factor: in.score, padded; score: its gradient
};

BRAID_INLINE void backward_body(const TargetAttention& in, const float* weight, const float* hidden,
                                const float* grad_pooled, Index begin, Index end, const TargetAttentionGrads& out,
                                Backward& own) {
  const Index width = in.width, padded = in.padded_width(), dims = in.dims(), places = in.places;
  float* const joined = own.joined.data();
  float* const dz = own.dz.data();
  std::vector<float> ds(static_cast<std::size_t>(places)), base(static_cast<std::size_t>(padded));
  for (Index row = begin; row < end; ++row) {
    const bool* mask = in.mask + row * places;
    const auto span = span_of(mask, places);
    for (std::size_t k = 0; k < in.streams.size(); ++k) {
      const auto dim = in.streams[k].dim;
      float* const line = out.history[k] + row * places * dim;
      std::fill(line, line + span.begin * dim, 0.0F);
      std::fill(line + span.end * dim, line + places * dim, 0.0F);
    }
    float* const to_target = out.target + row * dims;
    std::fill(to_target, to_target + dims, 0.0F);
    if (span.begin == span.end) {
      std::fill(out.base + row * width, out.base + (row + 1) * width, 0.0F);
      continue;
    }

    // Through the weighted sum and the softmax: ds.
    const float* g = grad_pooled + row * dims;
    const float* w = weight + row * places;
    float mean = 0;
    for (Index j = span.begin; j < span.end; ++j) {
      Vec sum{};
      Index from = 0;
      for (const auto& s : in.streams) {
        const float* h = s.history + (row * places + j) * s.dim;
        for (Index d = 0; d < s.dim; d += kLanes) sum += vec(g + from + d) * vec(h + d);
        from += s.dim;
      }
      ds[static_cast<std::size_t>(j)] = total(sum);
      mean += w[j] * ds[static_cast<std::size_t>(j)];
    }
    std::fill(base.begin(), base.end(), 0.0F);
    for (Index j = span.begin; j < span.end; ++j) {
      auto& d = ds[static_cast<std::size_t>(j)];
      d = in.softmax ? w[j] * (d - mean) : mask[j] ? d : 0.0F;
      *out.bias += d;
      // Through the score and the ReLU: dz.
      const float* z = hidden + (row * places + j) * padded;
      for (Index i = 0; i < padded; i += kLanes) {
        const Vec& x = vec(z + i);
        vec(&own.score[static_cast<std::size_t>(i)]) += x * d;  // the padded columns of z are zeros
        const Vec through = x > 0 ? vec(&own.factor[static_cast<std::size_t>(i)]) * d : Vec{};
        vec(dz + j * padded + i) = through;
        vec(&base[static_cast<std::size_t>(i)]) += through;
      }
    }
    std::memcpy(out.base + row * width, base.data(), static_cast<std::size_t>(width) * sizeof(float));

    // To the places: weight[j] g + dz[j] (W_place + W_product diag(t)).
    const float* t = in.target + row * dims;
    for (Index i = 0; i < width; ++i)
      for (Index d = 0; d < dims; d += kLanes)
        vec(joined + i * dims + d) = vec(in.w_place + i * dims + d) + vec(in.w_product + i * dims + d) * vec(t + d);
    Index from = 0;
    for (std::size_t k = 0; k < in.streams.size(); ++k) {
      const auto dim = in.streams[k].dim;
      float* const line = out.history[k] + row * places * dim;
      for (Index j = span.begin; j < span.end; ++j)
        for (Index d = 0; d < dim; d += kLanes) vec(line + j * dim + d) = vec(g + from + d) * w[j];
      product(dz + span.begin * padded, padded, joined + from, dims, width, line + span.begin * dim, dim,
              span.end - span.begin, dim);

      // To the weights and the target.
      const float* h = in.streams[k].history + (row * places + span.begin) * dim;
      const float* own_dz = dz + span.begin * padded;
      Index i = 0;
      for (; i + 4 <= width; i += 4)
        weights_rows<4>(own_dz + i, padded, h, dim, span.end - span.begin, t + from, in.w_product + i * dims + from,
                        dims, out.w_place + i * dims + from, out.w_product + i * dims + from, to_target + from);
      for (; i < width; ++i)
        weights_rows<1>(own_dz + i, padded, h, dim, span.end - span.begin, t + from, in.w_product + i * dims + from,
                        dims, out.w_place + i * dims + from, out.w_product + i * dims + from, to_target + from);
      from += dim;
    }
  }
}

void forward_base(const TargetAttention& in, Index begin, Index end, float* pooled, float* weight, float* hidden,
                  Forward& own) {
  forward_body(in, begin, end, pooled, weight, hidden, own);
}
void backward_base(const TargetAttention& in, const float* weight, const float* hidden, const float* grad_pooled,
                   Index begin, Index end, const TargetAttentionGrads& out, Backward& own) {
  backward_body(in, weight, hidden, grad_pooled, begin, end, out, own);
}

#if BRAID_TWO_VERSIONS
[[gnu::target("avx2,fma")]] void forward_avx2(const TargetAttention& in, Index begin, Index end, float* pooled,
                                              float* weight, float* hidden, Forward& own) {
  forward_body(in, begin, end, pooled, weight, hidden, own);
}
[[gnu::target("avx2,fma")]] void backward_avx2(const TargetAttention& in, const float* weight, const float* hidden,
                                               const float* grad_pooled, Index begin, Index end,
                                               const TargetAttentionGrads& out, Backward& own) {
  backward_body(in, weight, hidden, grad_pooled, begin, end, out, own);
}
bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  return yes;
}
#endif

}  // namespace

void target_attention(const TargetAttention& in, std::int64_t begin, std::int64_t end, float* pooled, float* weight,
                      float* hidden) {
  const auto padded = in.padded_width(), dims = in.dims();
  Forward own{
      transposed(in.w_place, in.width, dims, padded), transposed(in.w_product, in.width, dims, padded), {}, {}, {}};
  own.joined.resize(static_cast<std::size_t>(dims * padded));
  own.scratch.resize(hidden ? 0 : static_cast<std::size_t>(in.places * padded));
  own.score.assign(static_cast<std::size_t>(padded), 0.0F);
  std::copy(in.score, in.score + in.width, own.score.begin());
#if BRAID_TWO_VERSIONS
  if (has_avx2()) return forward_avx2(in, begin, end, pooled, weight, hidden, own);
#endif
  forward_base(in, begin, end, pooled, weight, hidden, own);
}

void target_attention_backward(const TargetAttention& in, const float* weight, const float* hidden,
                               const float* grad_pooled, std::int64_t begin, std::int64_t end,
                               const TargetAttentionGrads& out) {
  const auto padded = in.padded_width(), dims = in.dims();
  Backward own;
  own.joined.resize(static_cast<std::size_t>(in.width * dims));
  own.dz.resize(static_cast<std::size_t>(in.places * padded));
  own.factor.assign(static_cast<std::size_t>(padded), 0.0F);
  std::copy(in.score, in.score + in.width, own.factor.begin());
  own.score.assign(static_cast<std::size_t>(padded), 0.0F);
#if BRAID_TWO_VERSIONS
  if (has_avx2()) backward_avx2(in, weight, hidden, grad_pooled, begin, end, out, own);
  else
#endif
    backward_base(in, weight, hidden, grad_pooled, begin, end, out, own);
  for (Index i = 0; i < in.width; ++i) out.score[i] += own.score[static_cast<std::size_t>(i)];
}

}  // namespace braid::kernels
