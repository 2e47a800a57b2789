// Link gather: rows of an entity axis, carried through a link to the rows that point at them.
//
//   forward   out[i, :]    = x[index[i], :]                      zeros where index[i] < 0
//   backward  grad_x[r, :] = sum over i with index[i] == r, in ascending i, of grad[i, :]
//
// Plain functions on raw memory; all arrays are dense and row-major, sizes count elements, and nothing overlaps.
// Each call does a half-open range of its output rows, so that the caller decides about threads. A row of the output is
// always made by one call, in one order, with element-wise additions only: the bits depend neither on how the rows are
// cut into ranges nor on the vector unit of the machine. All functions are safe from many threads.
#pragma once

#include <cstdint>

namespace braid::kernels {

// The first i in [0, m) with index[i] >= n, or -1 if there is none. Call it before trusting an index.
std::int64_t link_gather_stray(const std::int64_t* index, std::int64_t m, std::int64_t n);

// out[i, dim] for i in [begin, end). x [n, dim], index [m] with values below n, out [m, dim].
void link_gather(const float* x, std::int64_t dim, const std::int64_t* index, std::int64_t begin, std::int64_t end,
                 float* out);
void link_gather(const double* x, std::int64_t dim, const std::int64_t* index, std::int64_t begin, std::int64_t end,
                 double* out);

// Who points at row r: order[start[r]] ... order[start[r + 1] - 1], ascending. start [n + 1], order [m]; places past
// start[n] (there are as many as negative indices) stay as they were.
void link_gather_order(const std::int64_t* index, std::int64_t m, std::int64_t n, std::int64_t* start,
                       std::int64_t* order);

// The first row of part p when rows [0, n) are cut into `parts` ranges of about equal work; p in [0, parts].
std::int64_t link_gather_cut(const std::int64_t* start, std::int64_t n, std::int64_t p, std::int64_t parts);

// grad_x[r, dim] for r in [begin, end); rows that nobody points at become zeros. start and order as made above.
void link_gather_backward(const float* grad, std::int64_t dim, const std::int64_t* start, const std::int64_t* order,
                          std::int64_t begin, std::int64_t end, float* grad_x);
void link_gather_backward(const double* grad, std::int64_t dim, const std::int64_t* start, const std::int64_t* order,
                          std::int64_t begin, std::int64_t end, double* grad_x);

// The two equations at the top as plain loops over everything: what the versions above are tested against.
void link_gather_plain(const float* x, std::int64_t dim, const std::int64_t* index, std::int64_t m, float* out);
void link_gather_plain(const double* x, std::int64_t dim, const std::int64_t* index, std::int64_t m, double* out);
void link_gather_backward_plain(const float* grad, std::int64_t dim, const std::int64_t* index, std::int64_t m,
                                std::int64_t n, float* grad_x);
void link_gather_backward_plain(const double* grad, std::int64_t dim, const std::int64_t* index, std::int64_t m,
                                std::int64_t n, double* grad_x);

}  // namespace braid::kernels
