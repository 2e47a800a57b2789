#include "kernels/link_gather.h"
#include "kernels/two_versions.h"

#include <algorithm>
#include <cstring>

// The bodies hold no multiply-add, so that both versions give the same bits.
namespace braid::kernels {
namespace {

// How many rows of the gradient to ask memory for in advance: they are visited in an order that no prefetcher guesses.
constexpr std::int64_t kAhead = 12;
constexpr std::int64_t kLine = 64;

template <typename T>
[[gnu::always_inline]] inline void prefetch_row(const T* row, std::int64_t dim) {
  const auto* bytes = reinterpret_cast<const char*>(row);
  const auto size = std::min<std::int64_t>(dim * static_cast<std::int64_t>(sizeof(T)), 8 * kLine);
  for (std::int64_t at = 0; at < size; at += kLine) __builtin_prefetch(bytes + at);
}

template <typename T>
[[gnu::always_inline]] inline void forward_body(const T* __restrict x, std::int64_t dim,
                                                const std::int64_t* __restrict index, std::int64_t begin,
                                                std::int64_t end, T* __restrict out) {
  const auto bytes = static_cast<std::size_t>(dim) * sizeof(T);
  if (bytes == 0) return;
  for (std::int64_t i = begin; i < end; ++i) {
    if (index[i] < 0) std::memset(out + i * dim, 0, bytes);
    else std::memcpy(out + i * dim, x + index[i] * dim, bytes);
  }
}

// Sums Width columns of one row in registers. `last` ends the order of all rows in this range: what is asked of memory
// in advance may belong to the rows that follow.
template <std::int64_t Width, typename T>
[[gnu::always_inline]] inline void sum_columns(const T* __restrict grad, std::int64_t dim, const std::int64_t* order,
                                               const std::int64_t* end, const std::int64_t* last, T* __restrict to) {
  T sum[Width];
  for (std::int64_t k = 0; k < Width; ++k) sum[k] = T{0};
  for (; order != end; ++order) {
    if (last - order > kAhead) prefetch_row(grad + order[kAhead] * dim, Width);
    const T* __restrict from = grad + *order * dim;
    for (std::int64_t k = 0; k < Width; ++k) sum[k] += from[k];
  }
  for (std::int64_t k = 0; k < Width; ++k) to[k] = sum[k];
}

template <typename T>
[[gnu::always_inline]] inline void backward_body(const T* __restrict grad, std::int64_t dim, const std::int64_t* start,
                                                 const std::int64_t* order, std::int64_t begin, std::int64_t end,
                                                 T* __restrict grad_x) {
  constexpr std::int64_t wide = 256 / static_cast<std::int64_t>(sizeof(T));  // four cache lines
  constexpr std::int64_t small = 32 / static_cast<std::int64_t>(sizeof(T));  // one AVX register
  const auto* last = order + start[end];
  for (std::int64_t r = begin; r < end; ++r) {
    const auto *first = order + start[r], *stop = order + start[r + 1];
    T* to = grad_x + r * dim;
    std::int64_t k = 0;
    for (; k + wide <= dim; k += wide) sum_columns<wide>(grad + k, dim, first, stop, last, to + k);
    for (; k + small <= dim; k += small) sum_columns<small>(grad + k, dim, first, stop, last, to + k);
    for (; k < dim; ++k) sum_columns<1>(grad + k, dim, first, stop, last, to + k);
  }
}

template <typename T>
void forward_base(const T* x, std::int64_t dim, const std::int64_t* index, std::int64_t begin, std::int64_t end,
                  T* out) {
  forward_body(x, dim, index, begin, end, out);
}

template <typename T>
void backward_base(const T* grad, std::int64_t dim, const std::int64_t* start, const std::int64_t* order,
                   std::int64_t begin, std::int64_t end, T* grad_x) {
  backward_body(grad, dim, start, order, begin, end, grad_x);
}

#if BRAID_TWO_VERSIONS
template <typename T>
[[gnu::target("avx2")]] void forward_avx2(const T* x, std::int64_t dim, const std::int64_t* index, std::int64_t begin,
                                          std::int64_t end, T* out) {
  forward_body(x, dim, index, begin, end, out);
}

template <typename T>
[[gnu::target("avx2")]] void backward_avx2(const T* grad, std::int64_t dim, const std::int64_t* start,
                                           const std::int64_t* order, std::int64_t begin, std::int64_t end, T* grad_x) {
  backward_body(grad, dim, start, order, begin, end, grad_x);
}

bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") != 0;
  return yes;
}
#endif

template <typename T>
void forward(const T* x, std::int64_t dim, const std::int64_t* index, std::int64_t begin, std::int64_t end, T* out) {
#if BRAID_TWO_VERSIONS
  if (has_avx2()) return forward_avx2(x, dim, index, begin, end, out);
#endif
  forward_base(x, dim, index, begin, end, out);
}

template <typename T>
void backward(const T* grad, std::int64_t dim, const std::int64_t* start, const std::int64_t* order, std::int64_t begin,
              std::int64_t end, T* grad_x) {
#if BRAID_TWO_VERSIONS
  if (has_avx2()) return backward_avx2(grad, dim, start, order, begin, end, grad_x);
#endif
  backward_base(grad, dim, start, order, begin, end, grad_x);
}

template <typename T>
void forward_plain(const T* x, std::int64_t dim, const std::int64_t* index, std::int64_t m, T* out) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t k = 0; k < dim; ++k) out[i * dim + k] = index[i] < 0 ? T{0} : x[index[i] * dim + k];
  }
}

template <typename T>
void backward_plain(const T* grad, std::int64_t dim, const std::int64_t* index, std::int64_t m, std::int64_t n,
                    T* grad_x) {
  std::fill(grad_x, grad_x + n * dim, T{0});
  for (std::int64_t i = 0; i < m; ++i) {
    if (index[i] < 0) continue;
    for (std::int64_t k = 0; k < dim; ++k) grad_x[index[i] * dim + k] += grad[i * dim + k];
  }
}

}  // namespace

std::int64_t link_gather_stray(const std::int64_t* index, std::int64_t m, std::int64_t n) {
  std::int64_t largest = -1;
  for (std::int64_t i = 0; i < m; ++i) largest = std::max(largest, index[i]);
  if (largest < n) return -1;
  return std::find_if(index, index + m, [n](std::int64_t at) { return at >= n; }) - index;
}

void link_gather(const float* x, std::int64_t dim, const std::int64_t* index, std::int64_t begin, std::int64_t end,
                 float* out) {
  forward(x, dim, index, begin, end, out);
}

void link_gather(const double* x, std::int64_t dim, const std::int64_t* index, std::int64_t begin, std::int64_t end,
                 double* out) {
  forward(x, dim, index, begin, end, out);
}

void link_gather_order(const std::int64_t* index, std::int64_t m, std::int64_t n, std::int64_t* start,
                       std::int64_t* order) {
  std::fill(start, start + n + 1, std::int64_t{0});
  for (std::int64_t i = 0; i < m; ++i) {
    if (index[i] >= 0) ++start[index[i] + 1];
  }
  for (std::int64_t r = 0; r < n; ++r) start[r + 1] += start[r];
  // start[r] serves as row r's pen; when all is written it stands where row r + 1 began, and moves back by one row.
  for (std::int64_t i = 0; i < m; ++i) {
    if (index[i] >= 0) order[start[index[i]]++] = i;
  }
  for (std::int64_t r = n; r > 0; --r) start[r] = start[r - 1];
  start[0] = 0;
}

std::int64_t link_gather_cut(const std::int64_t* start, std::int64_t n, std::int64_t p, std::int64_t parts) {
  // A row costs its entries and one for being written.
  const auto work = (start[n] + n) / parts * p + (start[n] + n) % parts * p / parts;
  std::int64_t low = 0, high = n;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (start[middle] + middle < work) low = middle + 1;
    else high = middle;
  }
  return p == parts ? n : low;
}

void link_gather_backward(const float* grad, std::int64_t dim, const std::int64_t* start, const std::int64_t* order,
                          std::int64_t begin, std::int64_t end, float* grad_x) {
  backward(grad, dim, start, order, begin, end, grad_x);
}

void link_gather_backward(const double* grad, std::int64_t dim, const std::int64_t* start, const std::int64_t* order,
                          std::int64_t begin, std::int64_t end, double* grad_x) {
  backward(grad, dim, start, order, begin, end, grad_x);
}

void link_gather_plain(const float* x, std::int64_t dim, const std::int64_t* index, std::int64_t m, float* out) {
  forward_plain(x, dim, index, m, out);
}

void link_gather_plain(const double* x, std::int64_t dim, const std::int64_t* index, std::int64_t m, double* out) {
  forward_plain(x, dim, index, m, out);
}

void link_gather_backward_plain(const float* grad, std::int64_t dim, const std::int64_t* index, std::int64_t m,
                                std::int64_t n, float* grad_x) {
  backward_plain(grad, dim, index, m, n, grad_x);
}

void link_gather_backward_plain(const double* grad, std::int64_t dim, const std::int64_t* index, std::int64_t m,
                                std::int64_t n, double* grad_x) {
  backward_plain(grad, dim, index, m, n, grad_x);
}

}  // namespace braid::kernels
