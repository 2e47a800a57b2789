#include "kernels/bipartite_sum.h"
#include "kernels/vectors.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

// The bodies hold no multiply-add, so that both versions give the same bits.
namespace braid::kernels {
namespace {

// How many neighbours to ask memory for in advance: they stand in an order that no prefetcher guesses.
constexpr Index kAhead = 8;
// Columns at a time: so narrow a slice of some thousand rows stays in the second cache.
constexpr Index kSlice = 32;

// Columns [column, column + 8 * V) of the rows; `last` ends the neighbours of the whole range.
template <int V>
BRAID_INLINE void slice(const Beside& side, const float* from, const float* own, const float* after, Index dim,
                        Index column, Index begin, Index end, float* out) {
  const auto *first = side.other.data(), *last = first + side.start[static_cast<std::size_t>(end)];
  for (Index r = begin; r < end; ++r) {
    const auto *at = first + side.start[static_cast<std::size_t>(r)],
               *stop = first + side.start[static_cast<std::size_t>(r) + 1];
    Vec sum[V] = {};
    for (; at != stop; ++at) {
      if (last - at > kAhead) {
        const auto* next = from + at[kAhead] * dim + column;
        for (int v = 0; v < V; v += 2) __builtin_prefetch(next + v * kLanes);
      }
      const auto* row = from + *at * dim + column;
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[v] += vec(row + v * kLanes);
    }
    const float in = side.scale[static_cast<std::size_t>(r)], by = after[r];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const auto place = r * dim + column + v * kLanes;
      vec(out + place) = by * (vec(own + place) + in * sum[v]);
    }
  }
}

BRAID_INLINE void one_column(const Beside& side, const float* from, const float* own, const float* after, Index dim,
                             Index column, Index begin, Index end, float* out) {
  for (Index r = begin; r < end; ++r) {
    float sum = 0;
    for (auto at = side.start[static_cast<std::size_t>(r)]; at < side.start[static_cast<std::size_t>(r) + 1]; ++at)
      sum += from[side.other[static_cast<std::size_t>(at)] * dim + column];
    out[r * dim + column] = after[r] * (own[r * dim + column] + side.scale[static_cast<std::size_t>(r)] * sum);
  }
}

BRAID_INLINE void body(const Beside& side, const float* from, const float* own, const float* after, Index dim,
                       Index begin, Index end, float* out) {
  Index column = 0;
  for (; column + kSlice <= dim; column += kSlice)
    slice<kSlice / kLanes>(side, from, own, after, dim, column, begin, end, out);
  for (; column + kLanes <= dim; column += kLanes) slice<1>(side, from, own, after, dim, column, begin, end, out);
  for (; column < dim; ++column) one_column(side, from, own, after, dim, column, begin, end, out);
}

void base(const Beside& side, const float* from, const float* own, const float* after, Index dim, Index begin,
          Index end, float* out) {
  body(side, from, own, after, dim, begin, end, out);
}

#if BRAID_TWO_VERSIONS
[[gnu::target("avx2")]] void avx2(const Beside& side, const float* from, const float* own, const float* after,
                                  Index dim, Index begin, Index end, float* out) {
  body(side, from, own, after, dim, begin, end, out);
}

bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") != 0;
  return yes;
}
#endif

bool joins(Index user, Index item, Index users, Index items) {
  return user > 0 && user < users && item > 0 && item < items;
}

// counts[r + 1] of row r to where each row begins.
void add_up(std::vector<std::int64_t>& counts) {
  for (std::size_t r = 1; r < counts.size(); ++r) counts[r] += counts[r - 1];
}

void add_scale(Beside& side) {
  side.scale.resize(side.start.size() - 1);
  for (std::size_t r = 0; r < side.scale.size(); ++r) {
    const auto degree = side.start[r + 1] - side.start[r];
    side.scale[r] = degree == 0 ? 0 : static_cast<float>(1 / std::sqrt(static_cast<double>(degree)));
  }
}

}  // namespace

Bipartite bipartite_layout(const std::int64_t* edge_user, const std::int64_t* edge_item, std::int64_t edges,
                           std::int64_t users, std::int64_t items) {
  const auto n = static_cast<std::size_t>(users), m = static_cast<std::size_t>(items);
  Bipartite out;
  auto &user = out.user, &item = out.item;
  // Each item's users as the edges come; an edge said twice is still there twice.
  std::vector<std::int64_t> users_from(n + 1, 0), items_from(m + 1, 0);
  for (Index e = 0; e < edges; ++e)
    if (joins(edge_user[e], edge_item[e], users, items)) {
      ++users_from[static_cast<std::size_t>(edge_user[e]) + 1];
      ++items_from[static_cast<std::size_t>(edge_item[e]) + 1];
    }
  add_up(users_from);
  add_up(items_from);
  std::vector<std::int32_t> said(static_cast<std::size_t>(items_from[m]));
  auto pen = items_from;
  for (Index e = 0; e < edges; ++e)
    if (joins(edge_user[e], edge_item[e], users, items))
      said[static_cast<std::size_t>(pen[static_cast<std::size_t>(edge_item[e])]++)] =
          static_cast<std::int32_t>(edge_user[e]);

  // Each user's items, ascending and once, because items are walked in order.
  user.other.resize(said.size());
  user.start.assign(n + 1, 0);
  item.start.assign(m + 1, 0);
  std::vector<std::int32_t> seen(n, 0);
  pen = users_from;
  for (std::size_t i = 0; i < m; ++i)
    for (auto at = items_from[i]; at < items_from[i + 1]; ++at) {
      const auto u = static_cast<std::size_t>(said[static_cast<std::size_t>(at)]);
      if (seen[u] == static_cast<std::int32_t>(i)) continue;
      seen[u] = static_cast<std::int32_t>(i);
      user.other[static_cast<std::size_t>(pen[u]++)] = static_cast<std::int32_t>(i);
      ++user.start[u + 1];
      ++item.start[i + 1];
    }
  add_up(user.start);
  add_up(item.start);
  const auto list = user.other.begin();
  for (std::size_t u = 0; u < n; ++u)
    if (users_from[u] != user.start[u]) std::copy(list + users_from[u], list + pen[u], list + user.start[u]);
  user.other.resize(static_cast<std::size_t>(user.start[n]));

  // And each item's users, ascending, because users are walked in order.
  item.other = std::move(said);
  item.other.resize(user.other.size());
  pen = item.start;
  for (std::size_t u = 0; u < n; ++u)
    for (auto at = user.start[u]; at < user.start[u + 1]; ++at) {
      const auto i = static_cast<std::size_t>(user.other[static_cast<std::size_t>(at)]);
      item.other[static_cast<std::size_t>(pen[i]++)] = static_cast<std::int32_t>(u);
    }
  add_scale(user);
  add_scale(item);
  return out;
}

void bipartite_sum(const Beside& side, const float* from, const float* own, const float* after, std::int64_t dim,
                   std::int64_t begin, std::int64_t end, float* out) {
#if BRAID_TWO_VERSIONS
  if (has_avx2()) return avx2(side, from, own, after, dim, begin, end, out);
#endif
  base(side, from, own, after, dim, begin, end, out);
}

void bipartite_mean_plain(const double* user, const double* item, const std::int64_t* edge_user,
                          const std::int64_t* edge_item, std::int64_t edges, std::int64_t users, std::int64_t items,
                          std::int64_t dim, std::int64_t layers, double* out_user, double* out_item) {
  std::set<std::pair<Index, Index>> joined;
  for (Index e = 0; e < edges; ++e)
    if (joins(edge_user[e], edge_item[e], users, items)) joined.emplace(edge_user[e], edge_item[e]);
  std::vector<double> user_degree(static_cast<std::size_t>(users)), item_degree(static_cast<std::size_t>(items));
  for (const auto& [u, i] : joined)
    ++user_degree[static_cast<std::size_t>(u)], ++item_degree[static_cast<std::size_t>(i)];

  std::vector<double> u_now(user, user + users * dim), i_now(item, item + items * dim);
  std::copy(u_now.begin(), u_now.end(), out_user);
  std::copy(i_now.begin(), i_now.end(), out_item);
  for (Index layer = 0; layer < layers; ++layer) {
    std::vector<double> u_next(u_now.size(), 0), i_next(i_now.size(), 0);
    for (const auto& [u, i] : joined) {
      const auto weight =
          1 / std::sqrt(user_degree[static_cast<std::size_t>(u)] * item_degree[static_cast<std::size_t>(i)]);
      for (Index k = 0; k < dim; ++k) {
        u_next[static_cast<std::size_t>(u * dim + k)] += weight * i_now[static_cast<std::size_t>(i * dim + k)];
        i_next[static_cast<std::size_t>(i * dim + k)] += weight * u_now[static_cast<std::size_t>(u * dim + k)];
      }
    }
    for (std::size_t k = 0; k < u_next.size(); ++k) out_user[k] += u_next[k];
    for (std::size_t k = 0; k < i_next.size(); ++k) out_item[k] += i_next[k];
    u_now = std::move(u_next);
    i_now = std::move(i_next);
  }
  for (Index k = 0; k < users * dim; ++k) out_user[k] /= static_cast<double>(layers + 1);
  for (Index k = 0; k < items * dim; ++k) out_item[k] /= static_cast<double>(layers + 1);
}

}  // namespace braid::kernels
