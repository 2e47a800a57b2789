// Bipartite sum: users and items that edges join, each taking in the vectors of those beside it, layer by layer.
//
//   u_{k+1} = sum over items i beside u of i_k / sqrt(degree_u degree_i), and alike for items      (one layer)
//   out     = (x_0 + x_1 + ... + x_K) / (K + 1)                                                   (their mean)
//
// The mean is summed from the inside: y = x + A y, K times, starting with y = x. Divided by the square root of its own
// degree before it is read, a vector needs no weight per edge: z = scale * y, y = x + scale * (sum of z beside it).
//
// Plain functions on raw memory; arrays are dense and row-major and nothing overlaps. A call does a half-open range of
// rows, so that the caller decides about threads. A row is always made by one call, neighbours ascending, without
// multiply-adds: the bits depend neither on the ranges, nor on the order of the edges, nor on the vector unit. All
// functions are safe from many threads.
#pragma once

#include <cstdint>
#include <vector>

namespace braid::kernels {

// Who stands beside each entity of one side.
struct Beside {
  std::vector<std::int64_t> start;  // [n + 1]: row r's are other[start[r]] to other[start[r + 1] - 1]
  std::vector<std::int32_t> other;  // rows of the other side, ascending, each once
  std::vector<float> scale;         // [n]: 1 / sqrt(degree), 0 without neighbours
};
struct Bipartite {
  Beside user, item;
};

// edge_user, edge_item [edges]: rows of users and of items. Row 0, the unknown entity, and rows that are not there
// join nobody; an edge that is said twice counts once. users and items below 2^31. Takes edges + users + items steps.
Bipartite bipartite_layout(const std::int64_t* edge_user, const std::int64_t* edge_item, std::int64_t edges,
                           std::int64_t users, std::int64_t items);

// out[r] = after[r] * (own[r] + scale[r] * sum of from[other]) for r in [begin, end). from: [rows of the other side,
// dim]; own, out: [n, dim]; after: [n].
void bipartite_sum(const Beside& side, const float* from, const float* own, const float* after, std::int64_t dim,
                   std::int64_t begin, std::int64_t end, float* out);

// The equations at the top as plain loops over edges, in double: what the version above is tested against.
void bipartite_mean_plain(const double* user, const double* item, const std::int64_t* edge_user,
                          const std::int64_t* edge_item, std::int64_t edges, std::int64_t users, std::int64_t items,
                          std::int64_t dim, std::int64_t layers, double* out_user, double* out_item);

}  // namespace braid::kernels
