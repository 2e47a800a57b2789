// Inputs of cases, and comparison of tensors.
#include "conform/braid/conform.h"
#include "conform/wording.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include <sstream>

namespace braid::conform {
namespace {

std::int64_t count(const std::vector<std::int64_t>& sizes) {
  std::int64_t n = 1;
  for (const auto s : sizes) n *= s;
  return n;
}

at::Tensor hidden(const at::Tensor& value, const std::vector<std::vector<std::int64_t>>& places) {
  std::size_t dims = 1;
  for (const auto& place : places) dims = std::max(dims, place.size());
  auto mask = at::ones(value.sizes().slice(0, dims), at::TensorOptions().dtype(at::kBool));
  for (const auto& place : places) {
    auto part = mask;
    for (const auto k : place) part = part.select(0, k);
    part.zero_();
  }
  return mask;
}

}  // namespace

Wire Wire::hide(const std::vector<std::vector<std::int64_t>>& places) const {
  auto out = *this;
  out.flow.mask = hidden(flow.value, places);
  auto wide = out.flow.mask;
  while (wide.dim() < flow.value.dim()) wide = wide.unsqueeze(-1);
  out.flow.value = flow.value.masked_fill(wide.logical_not(), 0);
  return out;
}

Wire Wire::hide_in_list(const std::vector<std::vector<std::int64_t>>& places) const {
  auto out = hide(places);
  out.flow.list_mask = out.flow.mask;
  out.flow.present = out.flow.mask;
  return out;
}

Wire wave(std::vector<std::int64_t> sizes, double start, double step, double scale) {
  const auto k = at::arange(count(sizes), at::TensorOptions().dtype(at::kDouble));
  return tensor(((k * step + start).sin() * scale).view(sizes));
}

Wire ids(std::vector<std::int64_t> sizes, std::int64_t n, std::int64_t start) {
  const auto k = at::arange(count(sizes), at::TensorOptions().dtype(at::kLong));
  auto out = tensor((k * 7 + start).remainder(n).view(sizes));
  out.id_rows = n;
  return out;
}

Wire tensor(at::Tensor value) {
  Wire out;
  out.flow.value = std::move(value);
  return out;
}
Wire numbers(const std::vector<double>& values, std::vector<std::int64_t> sizes) {
  return tensor(at::tensor(values, at::TensorOptions().dtype(at::kDouble)).view(sizes));
}
Wire wholes(const std::vector<std::int64_t>& values, std::vector<std::int64_t> sizes) {
  return tensor(at::tensor(values, at::TensorOptions().dtype(at::kLong)).view(sizes));
}

std::string differs(const at::Tensor& got, const at::Tensor& want, double tolerance) {
  std::ostringstream out;
  if (!got.defined() || got.sizes() != want.sizes()) {
    if (got.defined()) out << "sizes are " << got.sizes() << ", not " << want.sizes();
    else out << "there is no tensor";
    return out.str();
  }
  const auto apart = farthest(got, want, tolerance);
  if (!apart) return "";
  return "at " + apart->place + " " + number_text(apart->got) + " stands where " + number_text(apart->want) +
         " belongs (tolerance " + number_text(tolerance) + " relative to 1 + |value|)";
}

std::string differs(const at::Tensor& got, const std::vector<double>& want, double tolerance) {
  const auto values = at::tensor(want, at::TensorOptions().dtype(at::kDouble));
  if (!got.defined() || got.numel() != values.numel())
    return "there are not " + std::to_string(want.size()) + " values";
  return differs(got, values.view(got.sizes()), tolerance);
}

}  // namespace braid::conform
