#include "conform/case_plan.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

namespace braid::conform {
namespace {

Wire filled(const PortSchema& port, const Shape& shape, const std::vector<std::int64_t>& dims, std::int64_t rows,
            int number, int wire) {
  const double start = 0.4 * number + wire;
  if (shape.type == DType::id) return ids(dims, rows, 1 + number + wire);
  if (shape.type == DType::boolean) {
    auto out = wave(dims, start);
    out.flow.value = out.flow.value.gt(0);
    return out;
  }
  if (shape.type == DType::floating) {
    if (port.low && port.high) {
      auto out = wave(dims, start, 0.7, 0.5 * (*port.high - *port.low));
      out.flow.value = out.flow.value + 0.5 * (*port.high + *port.low);
      return out;
    }
    auto out = wave(dims, start);
    if (port.low) out.flow.value = out.flow.value.abs() + *port.low + 0.1;
    if (port.high) out.flow.value = out.flow.value.abs().neg() + *port.high - 0.1;
    return out;
  }
  const auto low = static_cast<std::int64_t>(port.low.value_or(shape.type == DType::key ? 1 : 0));
  const auto high = static_cast<std::int64_t>(port.high.value_or(static_cast<double>(low + 4)));
  auto out = ids(dims, std::max<std::int64_t>(high - low + 1, 1), number);
  out.flow.value = out.flow.value + low;
  out.id_rows = 0;
  return out;
}

// Row 1 is absent where rows may be; of padded dims, the last place of row 0, all but the first of row 2.
Wire with_holes(const PortSchema& port, const Shape& shape, const Wire& wire, std::size_t k) {
  const auto& value = wire.flow.value;
  std::int64_t padded = -1, common = -1, at = 0;
  const bool lacks = value.dim() + 1 == static_cast<std::int64_t>(shape.dims.size());
  for (const auto& d : shape.dims) {
    if (d.may_lack && lacks) continue;
    if (d.padded) padded = at, common = d.varies ? -1 : at;
    ++at;
  }
  if (value.dim() == 0 || value.size(0) < 2) return wire;
  std::vector<std::vector<std::int64_t>> holes;
  if (padded == 1 && value.dim() > 1) {
    const auto n = value.size(1);
    // The places of a list are common to all wires; sequences of tokens are each wire's own.
    if (n > 1) holes.push_back({0, n - 1});
    if (value.size(0) > 2)
      for (std::int64_t place = common >= 0 || k % 2 == 0 ? 1 : 0; place < n; ++place) holes.push_back({2, place});
  }
  if (shape.optional_rows && common < 0) {
    const auto row = value.size(0) > static_cast<std::int64_t>(k) + 1 ? static_cast<std::int64_t>(k) + 1 : 1;
    if (padded != 1) holes.push_back({row});
    else
      for (std::int64_t place = 0; place < value.size(1); ++place) holes.push_back({row, place});
  }
  if (holes.empty()) return wire;
  return padded == 1 && common == 1 && port.repeated ? wire.hide_in_list(holes) : wire.hide(holes);
}

}  // namespace

bool plain_name(std::string_view text) {
  if (text.empty() || shape::Parser::digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return shape::Parser::lower(c) || shape::Parser::digit(c); });
}

std::vector<CasePlan::Name> CasePlan::names() const {
  std::vector<Name> out;
  const auto add = [&](const std::string& text, bool rows, bool padded, bool id) {
    if (!plain_name(text)) return;
    if (const auto p = values.find(text); p != values.end() && std::holds_alternative<std::int64_t>(p->second)) return;
    for (auto& n : out)
      if (n.text == text) {
        n.padded = n.padded || padded;
        return;
      }
    out.push_back({text, rows, padded, id});
  };
  for (const auto& port : card.ports) {
    if (port.output || (port.optional && !optional)) continue;
    const auto shape = parse_shape(port.shape);
    for (std::size_t k = 0; k < shape.dims.size(); ++k)
      if (shape.dims[k].only_if.empty() || is_on(values, shape.dims[k].only_if))
        add(shape.dims[k].size, k == 0, shape.dims[k].padded, false);
    add(shape.rows, false, false, true);
  }
  return out;
}

std::optional<std::int64_t> CasePlan::size_of(const Sizes& sizes, const std::string& text, std::int64_t extra) const {
  const auto lookup = [&](std::string_view name) -> std::optional<std::int64_t> {
    if (const auto s = sizes.find(name); s != sizes.end()) return s->second + extra;
    if (const auto p = values.find(name); p != values.end())
      if (const auto* whole = std::get_if<std::int64_t>(&p->second)) return *whole;
    return std::nullopt;
  };
  return evaluate_dim(text, lookup, [](std::string_view) { return std::nullopt; });
}

Case CasePlan::made(const Sizes& sizes, const Sizes& bounds, bool equal_wires) const {
  Case out{use};
  out.values = values;
  int number = 0;
  for (const auto& port : card.ports) {
    if (port.output || (port.optional && !optional)) continue;
    const auto shape = parse_shape(port.shape);
    auto& all = out.inputs[port.name];
    for (std::size_t k = 0; k < (port.repeated ? wires : 1); ++k) {
      const auto more = [&](bool varies) {
        return varies && !equal_wires ? static_cast<std::int64_t>(k) : std::int64_t{0};
      };
      std::vector<std::int64_t> dims;
      for (std::size_t d = 0; d < shape.dims.size(); ++d) {
        const auto& dim = shape.dims[d];
        if (!dim.only_if.empty() && !is_on(values, dim.only_if)) continue;
        if (dim.may_lack && k == 1) continue;  // one wire comes without that dim
        const auto size = size_of(sizes, dim.size, more(dim.varies));
        if (!size || *size < 0) throw Error("no size for dim '" + dim.size + "' of port '" + port.name + "'");
        dims.push_back(*size);
        if (!dim.padded || !bounds.contains(dim.size)) continue;
        const auto bound = bounds.at(dim.size) + more(dim.varies);
        out.sizes[port.name + "." + std::to_string(k) + "." + dim.size] = bound;
        if (!dim.varies) out.sizes[dim.size] = bound;
      }
      const auto rows = shape.type == DType::id ? size_of(sizes, shape.rows, more(shape.rows_vary)) : std::nullopt;
      if (shape.type == DType::id && (!rows || *rows < 1))
        throw Error("no size for '" + shape.rows + "' of port '" + port.name + "'");
      auto wire = filled(port, shape, dims, rows.value_or(0), ++number, static_cast<int>(k));
      if (hidden) wire = with_holes(port, shape, wire, k);
      all.push_back(std::move(wire));
    }
    if (shape.type == DType::id)
      out.specials[port.name] = {{"mask", 1}, {"cls", 1}, {"sep", 1}, {"pad", 0}, {"unk", 0}};
  }
  return out;
}

}  // namespace braid::conform
