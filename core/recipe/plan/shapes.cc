#include "recipe/plan/shapes.h"

namespace braid::recipe {

std::string size_text(const Plan& plan, const Size& size) {
  return std::visit(
      Cases{[&](const AxisRows& rows) { return plan.axes[rows.axis].name; },
            [&](const ListPlaces& places) { return plan[places.list].name; },
            [](const PaddedPlaces& places) { return places.most ? std::to_string(*places.most) : "places"; },
            [](const FixedSize& fixed) { return std::to_string(fixed.value); },
            [](const UnknownSize&) { return std::string("_"); }},
      size);
}

std::string type_text(const Plan& plan, const Type& type) {
  std::string out{name_of(type.dtype)};
  if (type.dtype == DType::id) out += type.id_rows ? "(" + std::to_string(*type.id_rows) + ")" : "(n)";
  if (type.optional_rows) out += "?";
  out += "[";
  for (std::size_t k = 0; k < type.dims.size(); ++k) {
    const bool padded = is<ListPlaces>(type.dims[k]) || is<PaddedPlaces>(type.dims[k]);
    out += (k ? ", " : "") + size_text(plan, type.dims[k]) + (padded ? "*" : "");
  }
  return out + "]";
}

std::string output_name(const NodePlan& node, std::size_t output) {
  auto left = output;
  for (const auto& schema : node.use.schema.ports) {
    if (!schema.output) continue;
    const auto value = schema.named_by.empty() ? node.use.values.end() : node.use.values.find(schema.named_by);
    const auto* names =
        value == node.use.values.end() ? nullptr : std::get_if<std::vector<std::string>>(&value->second);
    const auto count = names ? names->size() : 1;
    if (left < count) return node.name + "." + (names ? (*names)[left] : schema.name);
    left -= count;
  }
  return node.name;
}

}  // namespace braid::recipe
