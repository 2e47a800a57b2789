#include "recipe/shapes.h"

namespace braid::recipe {

std::string size_text(const Plan& plan, const Size& size) {
  switch (size.kind) {
    case Size::Kind::axis:
      return plan.axes[static_cast<std::size_t>(size.axis)].name;
    case Size::Kind::list:
      return plan.tables[static_cast<std::size_t>(size.table)].lists[static_cast<std::size_t>(size.list)].name;
    case Size::Kind::padded:
      return size.value > 0 ? std::to_string(size.value) : "places";
    case Size::Kind::fixed:
      return std::to_string(size.value);
    case Size::Kind::unknown:
      return "_";
  }
  return "_";
}

std::string type_text(const Plan& plan, const Type& type) {
  std::string out{name_of(type.dtype)};
  if (type.dtype == DType::id) out += type.id_rows ? "(" + std::to_string(*type.id_rows) + ")" : "(n)";
  if (type.optional_rows) out += "?";
  out += "[";
  for (std::size_t k = 0; k < type.dims.size(); ++k) {
    const auto kind = type.dims[k].kind;
    out += (k ? ", " : "") + size_text(plan, type.dims[k]) +
           (kind == Size::Kind::list || kind == Size::Kind::padded ? "*" : "");
  }
  return out + "]";
}

std::string output_name(const NodePlan& node, int port) {
  auto left = static_cast<std::size_t>(port);
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
