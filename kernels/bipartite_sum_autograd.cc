#include "kernels/bipartite_sum_autograd.h"

#include "kernels/bipartite_sum.h"
#include "kernels/link_gather.h"

#include <ATen/Parallel.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>

namespace braid::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;
using torch::autograd::Variable;

// Below so many elements another thread costs more than it brings.
constexpr std::int64_t kGrain = 16384;

// The layout, kept for the backward.
struct Held final : torch::CustomClassHolder {
  explicit Held(Bipartite layout_in) : layout(std::move(layout_in)) {}
  Bipartite layout;
};
using HeldPtr = c10::intrusive_ptr<Held>;

void prove(const at::Tensor& user, const at::Tensor& item, const at::Tensor& edge_user, const at::Tensor& edge_item) {
  TORCH_CHECK(user.dim() == 2 && item.dim() == 2 && user.size(1) == item.size(1), "bipartite_mean: users are ",
              user.sizes(), " and items ", item.sizes(), ", not [rows, dim] of one dim");
  TORCH_CHECK(edge_user.dim() == 1 && edge_user.sizes() == edge_item.sizes(), "bipartite_mean: edges are ",
              edge_user.sizes(), " and ", edge_item.sizes(), ", not two ends of each");
  TORCH_CHECK(edge_user.scalar_type() == at::kLong && edge_item.scalar_type() == at::kLong,
              "bipartite_mean: the edges' ends are rows, int64");
  constexpr auto most = std::numeric_limits<std::int32_t>::max();
  TORCH_CHECK(user.size(0) < most && item.size(0) < most, "bipartite_mean: 2^31 rows and more do not fit");
}

Bipartite layout_of(const at::Tensor& user, const at::Tensor& item, const at::Tensor& edge_user,
                    const at::Tensor& edge_item) {
  const auto from = edge_user.cpu().contiguous(), to = edge_item.cpu().contiguous();
  return bipartite_layout(from.const_data_ptr<std::int64_t>(), to.const_data_ptr<std::int64_t>(), from.numel(),
                          user.size(0), item.size(0));
}

// One side of one layer: float [n, dim], shared by threads in parts of about equal work.
at::Tensor one_side(const Beside& side, const at::Tensor& from, const at::Tensor& own,
                    const std::vector<float>& after) {
  const auto n = own.size(0), dim = own.size(1);
  auto out = at::empty({n, dim}, own.options());
  const auto *z = from.const_data_ptr<float>(), *x = own.const_data_ptr<float>();
  auto* const to = out.mutable_data_ptr<float>();
  const auto* start = side.start.data();
  const auto parts = std::clamp<std::int64_t>((start[n] + n) * dim / kGrain, 1, 8 * at::get_num_threads());
  at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
    bipartite_sum(side, z, x, after.data(), dim, link_gather_cut(start, n, begin, parts),
                  link_gather_cut(start, n, end, parts), to);
  });
  return out;
}

at::Tensor column(const std::vector<float>& values, const at::Tensor& like) {
  auto out = at::empty({static_cast<std::int64_t>(values.size()), 1}, at::TensorOptions().dtype(at::kFloat));
  std::copy(values.begin(), values.end(), out.mutable_data_ptr<float>());
  return out.to(like.options());
}

struct Mean final : torch::autograd::Function<Mean> {
  static tensor_list forward(AutogradContext* context, const at::Tensor& user, const at::Tensor& item,
                             const HeldPtr& held, std::int64_t layers) {
    context->saved_data["layout"] = c10::IValue::make_capsule(held);
    context->saved_data["layers"] = layers;
    const auto& [users, items] = held->layout;
    const auto x_user = user.contiguous(), x_item = item.contiguous();
    if (layers == 0) return {x_user.clone(), x_item.clone()};
    const auto share = 1 / static_cast<float>(layers + 1);
    const std::vector<float> share_user(users.scale.size(), share), share_item(items.scale.size(), share);
    auto z_user = x_user.mul(column(users.scale, user)), z_item = x_item.mul(column(items.scale, item));
    for (auto left = layers; left > 0; --left) {
      auto next_user = one_side(users, z_item, x_user, left > 1 ? users.scale : share_user);
      z_item = one_side(items, z_user, x_item, left > 1 ? items.scale : share_item);
      z_user = std::move(next_user);
    }
    return {z_user, z_item};
  }

  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    const auto held = c10::static_intrusive_pointer_cast<Held>(context->saved_data["layout"].toCapsule());
    const auto out = apply(grads[0], grads[1], held, context->saved_data["layers"].toInt());
    return {out[0], out[1], Variable(), Variable()};
  }
};

}  // namespace

std::pair<at::Tensor, at::Tensor> bipartite_mean(const at::Tensor& user, const at::Tensor& item,
                                                 const at::Tensor& edge_user, const at::Tensor& edge_item,
                                                 std::int64_t layers) {
  prove(user, item, edge_user, edge_item);
  const auto type = user.scalar_type();
  if (type == at::kBFloat16 || type == at::kHalf) {
    const auto [a, b] = bipartite_mean(user.to(at::kFloat), item.to(at::kFloat), edge_user, edge_item, layers);
    return {a.to(type), b.to(type)};
  }
  if (!user.is_cpu() || !item.is_cpu() || type != at::kFloat || item.scalar_type() != at::kFloat)
    return bipartite_mean_by_operators(user, item, edge_user, edge_item, layers);
  const auto out =
      Mean::apply(user, item, c10::make_intrusive<Held>(layout_of(user, item, edge_user, edge_item)), layers);
  return {out[0], out[1]};
}

std::pair<at::Tensor, at::Tensor> bipartite_mean_by_operators(const at::Tensor& user, const at::Tensor& item,
                                                              const at::Tensor& edge_user, const at::Tensor& edge_item,
                                                              std::int64_t layers) {
  prove(user, item, edge_user, edge_item);
  const auto beside = layout_of(user, item, edge_user, edge_item).user;
  const auto n = static_cast<std::int64_t>(beside.other.size());
  auto ends = at::empty({2, n}, at::TensorOptions().dtype(at::kLong));
  auto* const to = ends.mutable_data_ptr<std::int64_t>();
  std::copy(beside.other.begin(), beside.other.end(), to + n);
  for (std::size_t u = 0; u + 1 < beside.start.size(); ++u)
    std::fill(to + beside.start[u], to + beside.start[u + 1], static_cast<std::int64_t>(u));
  ends = ends.to(user.device());
  const auto u = ends.select(0, 0), i = ends.select(0, 1);

  const auto scale = [](const at::Tensor& x, const at::Tensor& at_rows) {
    const auto degree = x.new_zeros({x.size(0)}).index_add(0, at_rows, x.new_ones({at_rows.size(0)}));
    return degree.clamp_min(1).rsqrt().unsqueeze(1);
  };
  const auto by_user = scale(user, u), by_item = scale(item, i);
  auto x_user = user, x_item = item, sum_user = user, sum_item = item;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const auto take = [](const at::Tensor& from, const at::Tensor& source, const at::Tensor& to_like,
                         const at::Tensor& target) {
      return to_like.new_zeros(to_like.sizes()).index_add(0, target, from.index_select(0, source));
    };
    auto next_user = take(x_item.mul(by_item), i, user, u).mul(by_user);
    x_item = take(x_user.mul(by_user), u, item, i).mul(by_item);
    x_user = std::move(next_user);
    sum_user = sum_user.add(x_user);
    sum_item = sum_item.add(x_item);
  }
  const auto share = 1 / static_cast<double>(layers + 1);
  return {sum_user.mul(share), sum_item.mul(share)};
}

}  // namespace braid::kernels
