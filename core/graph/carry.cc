#include "graph/carry.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>

namespace braid::graph {

at::Tensor wrap(const data::Array& array) {
  auto type = at::kFloat;
  if (array.type == DType::boolean) type = at::kBool;
  else if (array.type != DType::floating) type = at::kLong;
  const auto options = at::TensorOptions().dtype(type);
  return at::from_blob(
      array.bytes.get(), array.sizes, [keep = array.bytes](void*) {}, options);
}

namespace {

at::Tensor carry_mask(const at::Tensor& mask, const at::Tensor& index, const at::Tensor& inside) {
  auto sizes = index.sizes().vec();
  for (std::int64_t k = 1; k < mask.dim(); ++k) sizes.push_back(mask.size(k));
  auto out = mask.index_select(0, index.clamp_min(0).flatten()).view(sizes);
  if (!inside.defined()) return out;
  auto shaped = inside;
  while (shaped.dim() < out.dim()) shaped = shaped.unsqueeze(-1);
  return out.logical_and(shaped);
}

}  // namespace

Flow carry(const Flow& from, const at::Tensor& index, const at::Tensor& list_mask) {
  Flow out;
  out.value = gather_rows(from.value, index);
  const bool list = index.dim() > 1;
  if (from.mask.defined()) {
    if (from.mask.size(0) == 0) {  // nothing to look up: every place is padded
      auto sizes = index.sizes().vec();
      for (std::int64_t k = 1; k < from.mask.dim(); ++k) sizes.push_back(from.mask.size(k));
      out.mask = from.mask.new_zeros(sizes);
    } else {
      out.mask = carry_mask(from.mask, index, list_mask);
    }
    if (list) out.present = out.mask.dim() > 2 ? out.mask.flatten(2).any(2) : out.mask;
  } else if (list_mask.defined()) {
    out.mask = list_mask;
    out.present = list_mask;
  }
  if (list) out.list_mask = list_mask;
  return out;
}

}  // namespace braid::graph
