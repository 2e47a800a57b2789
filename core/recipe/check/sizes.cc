#include "recipe/check/sizes.h"

#include "recipe/document/words.h"

namespace braid::recipe {

std::optional<std::int64_t> number_of(const Size& size) {
  using Number = std::optional<std::int64_t>;
  return std::visit(Cases{[](const FixedSize& fixed) { return Number(fixed.value); },
                          [](const PaddedPlaces& places) { return places.most; },
                          [](const ListPlaces& places) { return places.most; },
                          [](const AxisRows&) { return Number(); }, [](const UnknownSize&) { return Number(); }},
                    size);
}

bool switched_on(const Use& use, const std::string& param) {
  const auto value = use.values.find(param);
  if (value == use.values.end()) return false;
  return std::visit(
      [](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) return false;
        else if constexpr (std::is_same_v<T, bool>) return v;
        else if constexpr (std::is_arithmetic_v<T>) return v != 0;
        else if constexpr (std::is_same_v<T, Path>) return !v.text.empty();
        else return !v.empty();
      },
      value->second);
}

Shape effective_shape(const Use& use, const PortSchema& port) {
  auto shape = parse_shape(port.shape);
  std::erase_if(shape.dims, [&](const Dim& dim) { return !dim.only_if.empty() && !switched_on(use, dim.only_if); });
  return shape;
}

Dims::Dims(const Use& use, const Item* item, bool doubtful) {
  if (doubtful) return;
  for (const auto& [name, value] : use.values) {
    const auto* whole = std::get_if<std::int64_t>(&value);
    if (!whole) continue;
    Known known{FixedSize{*whole}, "", name + " = " + std::to_string(*whole)};
    const auto* written = item ? item->find(name) : nullptr;
    known.origin += written && !written->filled_in ? ", " + text_of(written->place) : ", its default";
    names_[name] = std::move(known);
  }
}

bool Dims::bind(const std::string& name, const Known& known, Known* before) {
  auto& now = names_[name];
  if (is<UnknownSize>(now.size)) return now = known, true;
  if (is<UnknownSize>(known.size)) return true;
  if (before) *before = now;
  const bool runs = !now.same.empty() || !known.same.empty();
  if (is<AxisRows>(now.size) || is<AxisRows>(known.size)) return now.size == known.size;
  const auto number = braid::recipe::number_of(now.size);
  const bool equal = number == braid::recipe::number_of(known.size);
  if (runs) return now.same == known.same || (number && equal && (now.same.empty() || known.same.empty()));
  return equal;
}

const Known* Dims::find(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

void Dims::bind_wire(const std::string& port, std::size_t k, std::size_t wires, const std::string& name,
                     const Known& known) {
  names_[port + "." + std::to_string(k) + "." + name] = known;
  if (wires == 1) names_[port + "." + name] = known;
}

std::optional<std::int64_t> Dims::number_of(std::string_view name) const {
  const auto* known = find(name);
  return known ? braid::recipe::number_of(known->size) : std::nullopt;
}

std::optional<std::int64_t> Dims::sum_of(std::string_view what) const {
  const auto dot = what.find('.');
  const auto port = std::string(what.substr(0, dot)),
             rest = std::string(dot == std::string_view::npos ? "" : what.substr(dot));
  const auto wires = wires_.find(port);
  if (rest.empty()) return wires == wires_.end() ? 0 : static_cast<std::int64_t>(wires->second);  // count(port)
  std::int64_t total = 0;
  for (std::size_t k = 0; wires != wires_.end() && k < wires->second; ++k) {
    const auto one = number_of(port + "." + std::to_string(k) + rest);
    if (!one) return {};
    total += *one;
  }
  return total;
}

std::optional<std::int64_t> Dims::value(const std::string& expression, bool* inexact) const {
  return evaluate_dim(
      expression, [&](std::string_view n) { return number_of(n); }, [&](std::string_view n) { return sum_of(n); },
      inexact);
}

Known Dims::evaluate(const std::string& expression) const {
  if (const auto* known = find(expression)) return *known;
  Known out;
  out.origin = expression;
  std::string same;  // the expression with run-time names replaced by what they stand for
  bool runs = false, bounded = true;
  const auto name = [&](std::string_view n) -> std::optional<std::int64_t> {
    const auto* known = find(n);
    if (known && !known->same.empty()) runs = true, same += "(" + known->same + ")";
    const auto number = number_of(n);
    if (!number) bounded = false;
    return number;
  };
  const auto value = evaluate_dim(expression, name, [&](std::string_view n) { return sum_of(n); });
  if (runs) {
    out.size = PaddedPlaces{bounded && value.value_or(0) > 0 ? value : std::nullopt};
    out.same = expression + same;
  } else if (value) {
    out.size = FixedSize{*value};
  }
  return out;
}

std::optional<bool> Dims::holds(const std::string& rule, std::string* numbers) const {
  static constexpr std::string_view operators[] = {"==", "!=", "<=", ">=", "<", ">"};
  for (const auto op : operators) {
    const auto at = rule.find(op);
    if (at == std::string::npos) continue;
    const auto side = [&](const std::string& text) -> std::optional<std::int64_t> {
      const auto percent = text.find('%');
      if (percent == std::string::npos) return value(text);
      const auto left = value(text.substr(0, percent)), by = value(text.substr(percent + 1));
      if (!left || !by) return {};
      return *by == 0 ? -1 : *left % *by;
    };
    const auto a = side(rule.substr(0, at)), b = side(rule.substr(at + op.size()));
    if (!a || !b) return {};
    if (numbers) *numbers = std::to_string(*a) + " " + std::string(op) + " " + std::to_string(*b);
    if (op == "==") return *a == *b;
    if (op == "!=") return *a != *b;
    if (op == "<=") return *a <= *b;
    if (op == ">=") return *a >= *b;
    return op == "<" ? *a < *b : *a > *b;
  }
  return {};
}

std::map<std::string, std::int64_t, std::less<>> Dims::sizes() const {
  std::map<std::string, std::int64_t, std::less<>> out;
  for (const auto& [name, known] : names_)
    if (const auto number = number_of(name)) out[name] = *number;
  return out;
}

}  // namespace braid::recipe
