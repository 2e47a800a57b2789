// Functions that are not tensor methods, out of line: they cost no header (ATen/ops/x.h costs seconds each).
// All are differentiable in their floating inputs, deterministic, and safe from many threads.
#pragma once

#include <braid/component.h>

#include <concepts>

namespace braid {

BRAID_API at::Tensor cat(const std::vector<at::Tensor>& parts, std::int64_t dim);
BRAID_API at::Tensor stack(const std::vector<at::Tensor>& parts, std::int64_t dim);
BRAID_API at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});
BRAID_API at::Tensor where(const at::Tensor& mask, const at::Tensor& yes, const at::Tensor& no);
BRAID_API at::Tensor gelu(const at::Tensor& x);
BRAID_API at::Tensor softplus(const at::Tensor& x);
BRAID_API at::Tensor pad_front(const at::Tensor& x, std::int64_t places, double value);  // grows the last dim
BRAID_API at::Tensor arange(std::int64_t n, const at::Tensor& like);                     // int64, on like's device
BRAID_API at::Tensor zeros(std::vector<std::int64_t> sizes, const at::Tensor& like);     // like's dtype and device
BRAID_API at::Tensor full(std::vector<std::int64_t> sizes, double value, const at::Tensor& like);
BRAID_API at::Tensor tensor(const std::vector<double>& values, const at::Tensor& like);  // [n], like's dtype and device
// x / max(|x|, eps) over the last dim.
BRAID_API at::Tensor l2_normalize(const at::Tensor& x, double eps = 1e-12);
// -log softmax(scores)[answer] per row. scores [rows, classes], answer int64[rows]; float[rows], nats.
BRAID_API at::Tensor cross_entropy(const at::Tensor& scores, const at::Tensor& answer);
// Element-wise log(1 + exp(x)) - x * target; nats.
BRAID_API at::Tensor binary_cross_entropy_with_logits(const at::Tensor& logit, const at::Tensor& target);
// Scaled dot-product attention: q [n, heads, q, d], k v [n, heads, k, d], mask bool [n or 1, 1, q or 1, k] or
// undefined, true where q may look. A row with nothing to look at gives zeros. Scale 1/sqrt(d).
BRAID_API at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const at::Tensor& mask = {});
// Rows of x [n, ...] by int64 index [...]: [..., rest of x]. The gradient is summed in row order, so it has the same
// bits on every run. Indices below 0 read zeros and give no gradient. This is what a link does.
BRAID_API at::Tensor gather_rows(const at::Tensor& x, const at::Tensor& index);

}  // namespace braid

// x + y, x - y, x * y, x / y of tensors and of a tensor and a number, element by element: the methods add, sub, mul,
// div by their usual signs. ATen/TensorOperators.h has them too, and more, for seconds of compile time; both may be
// included.
namespace at {

template <std::same_as<Tensor> T>
T operator+(const T& x, const T& y) {
  return x.add(y);
}
template <std::same_as<Tensor> T>
T operator-(const T& x, const T& y) {
  return x.sub(y);
}
template <std::same_as<Tensor> T>
T operator*(const T& x, const T& y) {
  return x.mul(y);
}
template <std::same_as<Tensor> T>
T operator/(const T& x, const T& y) {
  return x.div(y);
}
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator+(const T& x, Number y) { return x.add(y); }
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator+(Number x, const T& y) { return y.add(x); }
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator-(const T& x, Number y) { return x.sub(y); }
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator-(Number x, const T& y) { return y.neg().add(x); }
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator*(const T& x, Number y) { return x.mul(y); }
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator*(Number x, const T& y) { return y.mul(x); }
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator/(const T& x, Number y) { return x.div(y); }
template <std::same_as<Tensor> T, class Number>
requires std::is_arithmetic_v<Number> T operator/(Number x, const T& y) {
  return braid::full({}, static_cast<double>(x), y).div(y);
}

}  // namespace at
