#include "kernels/link_gather_autograd.h"

#include "kernels/link_gather.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

namespace braid::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;
using torch::autograd::Variable;

// Below so many elements another thread costs more than it brings.
constexpr std::int64_t kGrain = 16384;

template <typename F>
void by_type(const at::Tensor& t, F&& f) {
  if (t.scalar_type() == at::kFloat) f(float{});
  else f(double{});
}

// x [n, dim], index [m], both dense: [m, dim].
at::Tensor forward_rows(const at::Tensor& x, const at::Tensor& index) {
  const auto m = index.numel(), dim = x.size(1);
  auto out = at::empty({m, dim}, x.options());
  const auto* at_rows = index.const_data_ptr<std::int64_t>();
  by_type(x, [&](auto kind) {
    using T = decltype(kind);
    const auto* from = x.const_data_ptr<T>();
    auto* to = out.mutable_data_ptr<T>();
    at::parallel_for(0, m, std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, dim)),
                     [&](std::int64_t begin, std::int64_t end) { link_gather(from, dim, at_rows, begin, end, to); });
  });
  return out;
}

// grad [m, dim], index [m], both dense: [n, dim].
at::Tensor backward_rows(const at::Tensor& grad, const at::Tensor& index, std::int64_t n) {
  const auto m = index.numel(), dim = grad.size(1);
  std::vector<std::int64_t> start(static_cast<std::size_t>(n + 1)), order(static_cast<std::size_t>(m));
  link_gather_order(index.const_data_ptr<std::int64_t>(), m, n, start.data(), order.data());
  auto out = at::empty({n, dim}, grad.options());
  const auto parts = std::clamp<std::int64_t>((m + n) * dim / kGrain, 1, 8 * at::get_num_threads());
  by_type(grad, [&](auto kind) {
    using T = decltype(kind);
    const auto* from = grad.const_data_ptr<T>();
    auto* to = out.mutable_data_ptr<T>();
    at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
      link_gather_backward(from, dim, start.data(), order.data(), link_gather_cut(start.data(), n, begin, parts),
                           link_gather_cut(start.data(), n, end, parts), to);
    });
  });
  return out;
}

// Each of the two is the other's gradient, so that both can be differentiated again.
// The linter of LibTorch's headers wants these names and static functions.
struct Gather final : torch::autograd::Function<Gather> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& index);
  static tensor_list backward(AutogradContext* context, tensor_list grads);
};

struct Scatter final : torch::autograd::Function<Scatter> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& grad, const at::Tensor& index, std::int64_t n);
  static tensor_list backward(AutogradContext* context, tensor_list grads);
};

at::Tensor Gather::forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& index) {
  context->save_for_backward({index});
  context->saved_data["n"] = x.size(0);
  return forward_rows(x.contiguous(), index);
}

tensor_list Gather::backward(AutogradContext* context, tensor_list grads) {
  const auto index = context->get_saved_variables()[0];
  return {Scatter::apply(grads[0], index, context->saved_data["n"].toInt()), Variable()};
}

at::Tensor Scatter::forward(AutogradContext* context, const at::Tensor& grad, const at::Tensor& index, std::int64_t n) {
  context->save_for_backward({index});
  return backward_rows(grad.contiguous(), index, n);
}

tensor_list Scatter::backward(AutogradContext* context, tensor_list grads) {
  return {Gather::apply(grads[0], context->get_saved_variables()[0]), Variable(), Variable()};
}

at::Tensor through_index_select(const at::Tensor& x, const at::Tensor& index) {
  if (x.size(0) == 0) return x.new_zeros({index.numel(), x.size(1)});
  const auto rows = x.index_select(0, index.clamp_min(0));
  return rows.masked_fill(index.lt(0).unsqueeze(1), 0);
}

}  // namespace

at::Tensor link_gather(const at::Tensor& x, const at::Tensor& index) {
  TORCH_CHECK(x.dim() >= 1, "link_gather: x needs rows, but has no dimension");
  TORCH_CHECK(index.scalar_type() == at::kLong, "link_gather: the index is ", index.scalar_type(), ", not int64");
  auto sizes = index.sizes().vec();
  sizes.insert(sizes.end(), x.sizes().begin() + 1, x.sizes().end());
  std::int64_t dim = 1;
  for (const auto size : x.sizes().slice(1)) dim *= size;
  const auto rows = x.reshape({x.size(0), dim});
  const auto places = index.reshape({index.numel()}).contiguous();

  const bool native = x.device().is_cpu() && index.device().is_cpu() &&
                      (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
  if (places.device().is_cpu()) {
    const auto* at_rows = places.const_data_ptr<std::int64_t>();
    const auto stray = link_gather_stray(at_rows, places.numel(), x.size(0));
    TORCH_CHECK_INDEX(stray < 0, "link_gather: index ", at_rows[std::max<std::int64_t>(stray, 0)], " at place ", stray,
                      ", but x has ", x.size(0), " rows");
  }
  return (native ? Gather::apply(rows, places) : through_index_select(rows, places)).reshape(sizes);
}

}  // namespace braid::kernels
