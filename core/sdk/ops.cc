// Functions that are no tensor methods, compiled once.
#include <braid/ops.h>

#include "kernels/link_gather_autograd.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace braid {

at::Tensor cat(const std::vector<at::Tensor>& parts, std::int64_t dim) {
  return parts.size() == 1 ? parts[0] : at::cat(parts, dim);
}
at::Tensor stack(const std::vector<at::Tensor>& parts, std::int64_t dim) { return at::stack(parts, dim); }
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
}
at::Tensor where(const at::Tensor& mask, const at::Tensor& yes, const at::Tensor& no) {
  return at::where(mask, yes, no);
}
at::Tensor gelu(const at::Tensor& x) { return at::gelu(x); }
at::Tensor softplus(const at::Tensor& x) { return at::softplus(x); }
at::Tensor pad_front(const at::Tensor& x, std::int64_t places, double value) {
  return at::constant_pad_nd(x, {places, 0}, value);
}
at::Tensor arange(std::int64_t n, const at::Tensor& like) {
  return at::arange(n, at::TensorOptions().dtype(at::kLong).device(like.device()));
}
at::Tensor zeros(std::vector<std::int64_t> sizes, const at::Tensor& like) {
  return at::zeros(sizes, at::TensorOptions().dtype(like.scalar_type()).device(like.device()));
}
at::Tensor full(std::vector<std::int64_t> sizes, double value, const at::Tensor& like) {
  return at::full(sizes, value, at::TensorOptions().dtype(like.scalar_type()).device(like.device()));
}
at::Tensor tensor(const std::vector<double>& values, const at::Tensor& like) {
  const auto sizes = static_cast<std::int64_t>(values.size());
  auto out = at::empty({sizes}, at::TensorOptions().dtype(at::kDouble));
  std::copy(values.begin(), values.end(), out.mutable_data_ptr<double>());
  return out.to(like.device(), like.scalar_type());
}
at::Tensor l2_normalize(const at::Tensor& x, double eps) { return x.div(at::norm(x, 2, {-1}, true).clamp_min(eps)); }
at::Tensor cross_entropy(const at::Tensor& scores, const at::Tensor& answer) {
  return at::cross_entropy_loss(scores, answer, {}, at::Reduction::None);
}
at::Tensor binary_cross_entropy_with_logits(const at::Tensor& logit, const at::Tensor& target) {
  return at::binary_cross_entropy_with_logits(logit, target, {}, {}, at::Reduction::None);
}
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& mask) {
  if (!mask.defined()) return at::scaled_dot_product_attention(q, k, v);
  return at::scaled_dot_product_attention(q, k, v, mask);
}
at::Tensor gather_rows(const at::Tensor& x, const at::Tensor& index) { return kernels::link_gather(x, index); }

}  // namespace braid
