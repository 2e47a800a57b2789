#include "conform/variations.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>

namespace braid::conform {
namespace {

std::string shown(const Value& value) {
  std::ostringstream out;
  const auto list = [&](const auto& all) {
    out << "[";
    for (std::size_t k = 0; k < all.size(); ++k) out << (k ? ", " : "") << all[k];
    out << "]";
  };
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) out << (v ? "true" : "false");
        else if constexpr (std::is_same_v<T, std::string>) out << '"' << v << '"';
        else if constexpr (std::is_same_v<T, Path>) out << '"' << v.text << '"';
        else if constexpr (std::is_arithmetic_v<T>) out << v;
        else if constexpr (!std::is_same_v<T, std::monostate>) list(v);
      },
      value);
  return out.str();
}

Variation changed(const ParamSchema& param, const Values& base, const Value& value) {
  Variation out{param.name + " = " + shown(value), base, {}};
  out.values[param.name] = value;
  return out;
}

// Both finite ends, but for the one where it stands; a number between where that leaves one end or none.
std::vector<double> other_numbers(double now, std::optional<double> low, std::optional<double> high) {
  std::vector<double> out;
  for (const auto& end : {low, high})
    if (end && *end != now) out.push_back(*end);
  const bool at_end = now == low || now == high;
  if (!out.empty() && !at_end) return out;
  const auto between = low && high ? *low + (*high - *low) * 0.4 : now == 0 ? 1 : now * 2;
  if ((!low || between >= *low) && (!high || between <= *high) && between != now) out.push_back(between);
  return out;
}

// Whole-number ends above this may be anything: a width of 8,192 pixels.
constexpr double small = 8;

std::vector<std::int64_t> other_wholes(std::int64_t now, const ParamSchema& p) {
  std::vector<std::int64_t> out;
  const auto add = [&](double x) {
    const auto whole = static_cast<std::int64_t>(clamped(x, p));
    if (whole != now && std::find(out.begin(), out.end(), whole) == out.end()) out.push_back(whole);
  };
  add(now == 0 ? 1 : static_cast<double>(now * 2));
  bool ends = false;
  for (const auto& end : {p.low, p.high})
    if (end && std::abs(*end) <= small) add(*end), ends = true;
  if (!ends) add(static_cast<double>(now / 2));
  return out;
}

}  // namespace

double clamped(double x, const ParamSchema& p) { return std::min(std::max(x, p.low.value_or(x)), p.high.value_or(x)); }

bool is_list(const ParamSchema& p) {
  return p.type == ParamType::numbers || p.type == ParamType::wholes || p.type == ParamType::texts;
}

std::vector<Variation> variations(const ParamSchema& p, const Values& base) {
  std::vector<Variation> out;
  const auto found = base.find(p.name);
  const auto now = found == base.end() ? Value() : found->second;
  const auto add = [&](const Value& value) {
    if (!(value == now)) out.push_back(changed(p, base, value));
  };
  switch (p.type) {
    case ParamType::boolean:
      for (const bool on : {false, true}) add(on);
      break;
    case ParamType::text:
      for (const auto& c : p.choices) add(c);
      break;
    case ParamType::whole:
      for (const auto x : other_wholes(std::holds_alternative<std::int64_t>(now) ? std::get<std::int64_t>(now) : 1, p))
        add(x);
      break;
    case ParamType::number:
      for (const auto x : other_numbers(std::holds_alternative<double>(now) ? std::get<double>(now) : 0, p.low, p.high))
        add(x);
      break;
    default:
      break;
  }
  return out;
}

std::vector<Variation> variations(const ScalarSchema& scalar, const Values& base) {
  std::vector<Variation> out;
  for (const auto x : other_numbers(scalar.fallback, scalar.low, scalar.high))
    out.push_back({scalar.name + " = " + shown(x), base, {{scalar.name, x}}});
  return out;
}

Variation with_length(const ParamSchema& p, const Values& base, std::size_t n) {
  std::vector<double> numbers;
  std::vector<std::int64_t> wholes;
  std::vector<std::string> texts;
  for (std::size_t k = 0; k < n; ++k) {
    const auto step = static_cast<double>(k + 1);
    const auto x = p.low && p.high ? *p.low + (*p.high - *p.low) * step / static_cast<double>(n + 1)
                   : p.low         ? *p.low + 0.4 * step
                   : p.high        ? *p.high - 0.4 * step
                                   : 0.4 * step;
    numbers.push_back(x);
    wholes.push_back(static_cast<std::int64_t>(clamped(step + 2, p)));
    texts.push_back(p.choices.empty() ? std::string(1, static_cast<char>('a' + k % 26))
                                      : p.choices[k % p.choices.size()]);
  }
  if (p.type == ParamType::numbers) return changed(p, base, numbers);
  if (p.type == ParamType::wholes) return changed(p, base, wholes);
  return changed(p, base, texts);
}

std::vector<Variation> with_ends(const ParamSchema& p, const Values& base, std::size_t n) {
  std::vector<Variation> out;
  if (p.type != ParamType::numbers) return out;
  for (const auto& end : {p.low, p.high})
    if (end) out.push_back(changed(p, base, std::vector<double>(n, *end)));
  return out;
}

}  // namespace braid::conform
