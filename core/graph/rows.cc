#include "graph/rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace braid::graph {

Flow join(const std::vector<Flow>& parts) {
  if (parts.empty()) return {};
  if (parts.size() == 1) return parts[0];
  const auto dims = parts[0].value.dim();
  std::vector<std::int64_t> longest(static_cast<std::size_t>(dims), 0);
  std::int64_t rows = 0, mask_dims = 0;
  bool same = true;
  for (const auto& part : parts) {
    rows += part.value.size(0);
    if (part.mask.defined()) mask_dims = std::max(mask_dims, part.mask.dim());
    for (std::int64_t d = 1; d < dims; ++d) {
      auto& size = longest[static_cast<std::size_t>(d)];
      same = same && (&part == parts.data() || size == part.value.size(d));
      size = std::max(size, part.value.size(d));
    }
  }
  longest[0] = rows;
  if (!same && mask_dims < 2) mask_dims = 2;  // a dim that differs is a padded one: a mask has to tell
  Flow out;
  out.value = at::zeros(longest, parts[0].value.options());
  if (mask_dims)
    out.mask = at::zeros(at::IntArrayRef(longest).slice(0, static_cast<std::size_t>(mask_dims)),
                         at::TensorOptions().dtype(at::kBool));
  std::int64_t row = 0;
  for (const auto& part : parts) {
    const auto n = part.value.size(0);
    auto value = out.value.narrow(0, row, n);
    for (std::int64_t d = 1; d < dims; ++d) value = value.narrow(d, 0, part.value.size(d));
    value.copy_(part.value);
    if (mask_dims) {
      auto mask = out.mask.narrow(0, row, n);
      for (std::int64_t d = 1; d < mask_dims; ++d) mask = mask.narrow(d, 0, part.value.size(d));
      if (!part.mask.defined()) {
        mask.fill_(true);
      } else {
        auto given = part.mask;
        while (given.dim() < mask_dims) given = given.unsqueeze(-1);
        mask.copy_(given.expand(mask.sizes()));
      }
    }
    row += n;
  }
  return out;
}

Flow rows_of(const Flow& from, const at::Tensor& rows) {
  Flow out;
  out.value = from.value.index_select(0, rows);
  if (out.value.is_floating_point() && out.value.scalar_type() != at::kFloat) out.value = out.value.to(at::kFloat);
  if (!from.mask.defined()) return out;
  out.mask = from.mask.index_select(0, rows);
  if (out.mask.dim() == 2) {
    const auto used = out.mask.any(0).contiguous();
    auto places = used.numel();
    while (places > 1 && !used.const_data_ptr<bool>()[places - 1]) --places;
    if (places < used.numel()) {
      out.value = out.value.narrow(1, 0, places).contiguous();
      out.mask = out.mask.narrow(1, 0, places).contiguous();
    }
  }
  if (out.mask.all().item<bool>()) out.mask = at::Tensor();
  return out;
}

recipe::Wire without_link(const recipe::Wire& wire) {
  auto out = wire;
  out.via.reset();
  out.stop = false;
  out.inserted.clear();
  return out;
}

std::optional<recipe::AxisId> axis_of(const recipe::NodePlan& node) {
  for (const auto& port : node.outputs)
    for (const auto& type : port)
      if (const auto axis = type.axis()) return axis;
  return std::nullopt;
}

}  // namespace braid::graph
