// Packed rows: layout, attention inside rows, dropout by row keys.
#include <braid/packed.h>

#include "kernels/packed_attention_autograd.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

namespace braid {
namespace {

at::Tensor whole(at::IntArrayRef sizes) { return at::empty(sizes, at::TensorOptions().dtype(at::kLong)); }

}  // namespace

Packed pack(const at::Tensor& mask) {
  const auto rows = mask.size(0), places = mask.size(1);
  const auto own = mask.cpu().contiguous();
  const bool* on = own.const_data_ptr<bool>();
  Packed out;
  out.starts = whole({rows + 1});
  auto* starts = out.starts.mutable_data_ptr<std::int64_t>();
  starts[0] = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto length = std::count(on + r * places, on + (r + 1) * places, true);
    starts[r + 1] = starts[r] + length;
    out.longest = std::max<std::int64_t>(out.longest, length);
  }
  out.from = whole({starts[rows]});
  out.rank = whole({starts[rows]});
  out.to = whole({rows, places});
  auto* from = out.from.mutable_data_ptr<std::int64_t>();
  auto* rank = out.rank.mutable_data_ptr<std::int64_t>();
  auto* to = out.to.mutable_data_ptr<std::int64_t>();
  std::int64_t token = 0;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t p = 0; p < places; ++p) {
      const auto at = r * places + p;
      to[at] = on[at] ? token : -1;
      if (!on[at]) continue;
      from[token] = at;
      rank[token] = r * out.longest + token - starts[r];
      ++token;
    }
  if (!mask.is_cpu())
    out.from = out.from.to(mask.device()), out.rank = out.rank.to(mask.device()), out.to = out.to.to(mask.device());
  return out;
}

namespace {

// Row numbers in groups of like length, so that padding inside a group is small: (longest queries, longest keys) differ
// by less than `step` places in a group. Ordered, so that the same rows always give the same groups.
struct Group {
  std::vector<std::int64_t> rows;
  std::int64_t queries = 0, keys = 0;
};
std::vector<Group> groups_of(const std::int64_t* q, const std::int64_t* k, std::int64_t rows) {
  constexpr std::int64_t step = 8;
  std::map<std::pair<std::int64_t, std::int64_t>, Group> found;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto queries = q[r + 1] - q[r], keys = k[r + 1] - k[r];
    if (queries == 0) continue;
    auto& group = found[{(queries + step - 1) / step, (keys + step - 1) / step}];
    group.rows.push_back(r);
    group.queries = std::max(group.queries, queries);
    group.keys = std::max(group.keys, keys);
  }
  std::vector<Group> out;
  for (auto& [_, group] : found) out.push_back(std::move(group));
  return out;
}

// int64[rows, width]: packed places of these rows, -1 beyond their ends.
at::Tensor places_of(const Group& group, const std::int64_t* starts, std::int64_t width) {
  auto out = whole({static_cast<std::int64_t>(group.rows.size()), width});
  auto* to = out.mutable_data_ptr<std::int64_t>();
  for (const auto row : group.rows)
    for (std::int64_t p = 0; p < width; ++p) *to++ = starts[row] + p < starts[row + 1] ? starts[row] + p : -1;
  return out;
}

// Through LibTorch's attention, group by group: any device and floating type.
at::Tensor by_groups(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::int64_t* q_starts,
                     const std::int64_t* k_starts, std::int64_t rows, std::int64_t heads, double scale,
                     bool causal = false) {
  const auto dim = q.size(1), d = dim / heads;
  std::vector<at::Tensor> parts;
  auto back = whole({q.size(0)});
  back.fill_(-1);
  std::int64_t before = 0;
  for (const auto& group : groups_of(q_starts, k_starts, rows)) {
    const auto n = static_cast<std::int64_t>(group.rows.size());
    const auto q_at = places_of(group, q_starts, group.queries);
    for (std::int64_t i = 0; i < q_at.numel(); ++i)
      if (const auto token = q_at.const_data_ptr<std::int64_t>()[i]; token >= 0)
        back.mutable_data_ptr<std::int64_t>()[token] = before + i;
    before += q_at.numel();
    if (group.keys == 0) {
      parts.push_back(zeros({q_at.numel(), dim}, q));
      continue;
    }
    const auto k_at = places_of(group, k_starts, group.keys).to(q.device());
    const auto split = [&](const at::Tensor& x, const at::Tensor& at) {
      return gather_rows(x, at.to(q.device())).view({n, at.size(1), heads, d}).transpose(1, 2);
    };
    auto mask = k_at.ge(0).view({n, 1, 1, group.keys});
    if (causal) mask = mask.logical_and(at::ones({group.queries, group.keys}, mask.options()).tril());
    const auto a =
        at::scaled_dot_product_attention(split(q, q_at), split(k, k_at), split(v, k_at), mask, 0.0, false, scale);
    parts.push_back(a.transpose(1, 2).reshape({q_at.numel(), dim}));
  }
  if (parts.empty()) return q.mul(0);
  return gather_rows(cat(parts, 0), back.to(q.device()));
}

void prove(const at::Tensor& x, std::int64_t dim, std::int64_t heads) {
  if (heads < 1 || dim % heads != 0)
    throw Error("attention over " + std::to_string(dim) + " values cannot be shared by " + std::to_string(heads) +
                " heads");
  if (x.dim() != 2) throw Error("packed tokens are [tokens, dim]");
}

}  // namespace

at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& kv, const at::Tensor& q_starts,
                            const at::Tensor& kv_starts, std::int64_t heads, double scale) {
  const auto dim = q.size(1);
  prove(q, dim, heads);
  if (kv.size(1) != 2 * dim) throw Error("keys and values are [keys, 2 * dim]");
  if (q_starts.size(0) != kv_starts.size(0)) throw Error("queries and keys come from unequal numbers of rows");
  if (kernels::packed_attention_takes(q) && kernels::packed_attention_takes(kv))
    return kernels::packed_attention(q, kv, q_starts, kv_starts, heads, scale);
  const auto both = kv.view({kv.size(0), 2, dim});
  return by_groups(q, both.select(1, 0), both.select(1, 1), q_starts.const_data_ptr<std::int64_t>(),
                   kv_starts.const_data_ptr<std::int64_t>(), q_starts.size(0) - 1, heads, scale);
}

at::Tensor packed_self_attention(const at::Tensor& qkv, const at::Tensor& starts, std::int64_t heads, bool causal) {
  const auto dim = qkv.size(1) / 3;
  prove(qkv, dim, heads);
  const double scale = 1.0 / std::sqrt(static_cast<double>(dim / heads));
  if (kernels::packed_attention_takes(qkv)) return kernels::packed_self_attention(qkv, starts, heads, scale, causal);
  const auto* at = starts.const_data_ptr<std::int64_t>();
  const auto all = qkv.view({qkv.size(0), 3, dim});
  return by_groups(all.select(1, 0), all.select(1, 1), all.select(1, 2), at, at, starts.size(0) - 1, heads, scale,
                   causal);
}

at::Tensor packed_dropout(const Frame& frame, Name name, const PortBase& rows, const at::Tensor& x, double p,
                          const Packed& packed, std::int64_t k) {
  if (!frame.training() || p <= 0) return x;
  const auto dim = x.size(1);
  const auto draw = frame.uniform(name, rows, packed.longest * dim, k).view({-1, dim}).index_select(0, packed.rank);
  return x.mul(draw.ge(p).to(x.scalar_type()).mul(1.0 / (1.0 - p)));
}

}  // namespace braid
