#include "serve/arrays.h"

#include "serve/json.h"

#include <ATen/TensorOperators.h>

namespace braid::serve {

Flow answer_of(const Flow& from) {
  Flow out;
  out.value = from.value.detach().to(at::kFloat).contiguous();
  if (from.mask.defined()) out.mask = (from.mask.dim() > 1 ? from.mask.flatten(1).any(1) : from.mask).contiguous();
  return out;
}

void append_row(std::string& out, const Flow& flow, std::int64_t row) {
  if (flow.mask.defined() && !flow.mask.const_data_ptr<bool>()[row]) {
    out += "null";
    return;
  }
  const auto width = flow.value.size(0) ? flow.value.numel() / flow.value.size(0) : 0;
  const auto* values = flow.value.const_data_ptr<float>() + row * width;
  if (flow.value.dim() == 1) return append_number(out, values[0]);
  // Dims after the rows stand in lists of lists.
  const auto nested = [&](const auto& self, std::int64_t dim, const float*& next) -> void {
    out += '[';
    for (std::int64_t k = 0; k < flow.value.size(dim); ++k) {
      if (k) out += ',';
      if (dim + 1 < flow.value.dim()) self(self, dim + 1, next);
      else append_number(out, *next++);
    }
    out += ']';
  };
  nested(nested, 1, values);
}

}  // namespace braid::serve
