// Numbers of any size, compared to their last digit.
#pragma once

#include "kernels/text/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace braid::data {

// A decimal number, exactly: 0.DIGITS * 10^point, without zeros at either end of the digits.
struct Decimal {
  bool negative = false;
  std::int64_t point = 0;
  std::string digits;  // empty: zero
};

// Of a text that kernels::read_number takes.
inline Decimal decimal_of(std::string_view text) {
  Decimal out;
  text = kernels::trimmed(text);
  if (text[0] == '+' || text[0] == '-') out.negative = text[0] == '-', text.remove_prefix(1);
  std::int64_t exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != text.npos) {
    const auto from = e + 1 + (e + 1 < text.size() && text[e + 1] == '+');
    std::from_chars(text.data() + from, text.data() + text.size(), exponent);
    text = text.substr(0, e);
  }
  const auto dot = std::min(text.find('.'), text.size());
  out.digits = text.substr(0, dot);
  if (dot < text.size()) out.digits += text.substr(dot + 1);
  const auto leading = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, leading);
  while (out.digits.ends_with('0')) out.digits.pop_back();
  // Zero may have any exponent, too large a one for the sum. Other numbers are finite in a double.
  if (out.digits.empty()) out.negative = false;
  else out.point = static_cast<std::int64_t>(dot) + exponent - static_cast<std::int64_t>(leading);
  return out;
}

// -1, 0, 1.
inline int compare(const Decimal& a, const Decimal& b) {
  const auto sign = [](const Decimal& d) { return d.digits.empty() ? 0 : d.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) < sign(b) ? -1 : 1;
  const int flip = a.negative ? -1 : 1;
  if (a.point != b.point) return a.point < b.point ? -flip : flip;
  const int c = a.digits.compare(b.digits);
  return c < 0 ? -flip : c > 0 ? flip : 0;
}

// Whether the double identifies the number: no other text of at most 15 characters with another value has the same
// double.
inline bool exact_as_double(std::string_view text, double value) {
  return text.size() <= 15 && (value == 0 || std::fabs(value) > 1e-290);
}

}  // namespace braid::data
