#include "data/layout.h"

#include "data/hash.h"
#include "data/parallel.h"

#include <algorithm>
#include <cstring>

namespace braid::data {

namespace {
std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }
}  // namespace

std::uint64_t field_hash(const std::string& table, const std::string& field) { return key_of(table + "." + field); }

Layout layout_of(const recipe::FieldPlan& plan, const Field& component) {
  const PortSchema* output = nullptr;
  for (const auto& port : plan.use.schema.ports) {
    if (!port.output) continue;
    if (output) throw Error("a field gives one output, '" + plan.use.component + "' declares two");
    output = &port;
  }
  if (!output) throw Error("'" + plan.use.component + "' declares no output");
  const auto shape = parse_shape(output->shape);
  const auto fitted = component.sizes();
  const auto value_of = [&](std::string_view name) -> const Value* {
    const auto it = plan.use.values.find(name);
    return it == plan.use.values.end() ? nullptr : &it->second;
  };
  const auto on = [&](const std::string& param) {
    const auto* value = value_of(param);
    if (!value) return false;
    return std::visit(
        [](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::monostate>) return false;
          else if constexpr (std::is_same_v<T, Path>) return !v.text.empty();
          else if constexpr (requires { v.empty(); }) return !v.empty();
          else return v != T{};
        },
        *value);
  };
  const DimLookup lookup = [&](std::string_view name) -> std::optional<std::int64_t> {
    if (const auto it = fitted.find(name); it != fitted.end()) return it->second;
    const auto* value = value_of(name);
    if (value && std::holds_alternative<std::int64_t>(*value)) return std::get<std::int64_t>(*value);
    return std::nullopt;
  };
  Layout layout;
  layout.type = shape.type;
  layout.optional_rows = shape.optional_rows;
  for (std::size_t d = 1; d < shape.dims.size(); ++d) {
    const auto& dim = shape.dims[d];
    if (!dim.only_if.empty() && !on(dim.only_if)) continue;
    const auto size = evaluate_dim(dim.size, lookup, [](std::string_view) { return std::optional<std::int64_t>(); });
    if (!size || *size < 0) throw Error("the size of dim '" + dim.size + "' of '" + output->shape + "' is not known");
    layout.dims.push_back(*size);
    if (!dim.padded) continue;
    if (layout.padded >= 0) throw Error("'" + output->shape + "' has two padded dims; a field has at most one");
    layout.padded = static_cast<int>(layout.dims.size());
  }
  return layout;
}

FieldBatch lay_out(const Layout& layout, const Field& component, std::uint64_t name_hash,
                   std::span<const Decoded* const> cells, std::span<const std::uint64_t> keys, const Moment& moment) {
  const auto n = static_cast<std::int64_t>(cells.size());
  std::vector<std::int64_t> places(cells.size(), 0);
  parallel(n, 1024, [&](std::int64_t i) {
    if (!cells[at(i)]->present) return;
    places[at(i)] =
        layout.padded < 0
            ? 1
            : std::min<std::int64_t>(static_cast<std::int64_t>(component.places(cells[at(i)]->bytes)), layout.bound());
  });

  auto sizes = layout.dims;
  std::int64_t longest = 1;
  bool full = true;
  if (layout.padded >= 0) {
    for (const auto p : places) longest = std::max(longest, p);
    for (const auto p : places) full = full && p == longest;
    sizes[at(layout.padded - 1)] = longest;
  } else if (layout.optional_rows) {
    for (const auto p : places) full = full && p;
  }
  std::int64_t elements = 1;
  for (const auto s : sizes) elements *= s;
  sizes.insert(sizes.begin(), n);

  FieldBatch out;
  out.values.push_back(new_array(layout.type, sizes));
  auto* bytes = out.values[0].bytes.get();
  const auto row_bytes = at(elements) * element_size(layout.type);
  parallel(n, std::max<std::int64_t>(1, 16384 / static_cast<std::int64_t>(row_bytes + 64)), [&](std::int64_t i) {
    auto* row = bytes + at(i) * row_bytes;
    std::memset(row, 0, row_bytes);
    if (!cells[at(i)]->present) return;
    const Draw draw{moment.training,
                    mixed(moment.seed, name_hash, static_cast<std::uint64_t>(moment.step), keys[at(i)])};
    component.place(cells[at(i)]->bytes, Slot{row, at(elements)}, draw);
  });

  out.masked = !full;
  if (full) return out;
  const auto width = layout.padded >= 0 ? longest : std::int64_t{1};
  out.mask = new_array(DType::boolean, layout.padded >= 0 ? std::vector{n, longest} : std::vector{n});
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t p = 0; p < width; ++p) out.mask.as<bool>()[i * width + p] = p < places[at(i)];
  return out;
}

}  // namespace braid::data
