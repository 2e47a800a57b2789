// What counts as a number in a text: the one rule of tables, expressions, fields and `braid new recipe`.
//
//   blanks  [+-] digits [. digits] [e [+-] digits]  blanks        also ".5" and "5."
//
// Blanks (spaces, tabs) around it do not count. "nan", "inf", "0x1f", "1_000", "0,9" and "True" are no numbers, nor is
// what no finite double can hold.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace braid::kernels {

struct NumberText {
  // `integer`: fits 64 bits exactly, in `integer`; else `real` has the nearest double. `plain`: an integer in its one
  // usual form ("7", not "007", "+7" or " 7").
  enum Kind : std::uint8_t { none, out_of_range, real_number, integer_number } kind = none;
  bool plain = false;
  std::int64_t integer = 0;
  double real = 0;
};

constexpr std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

inline NumberText read_number(std::string_view text) {
  NumberText out;
  if (!text.empty() && text.size() <= 18) {  // mostly digits alone, few enough for 64 bits
    std::size_t k = 0;
    for (std::int64_t digit; k < text.size() && (digit = text[k] - '0', digit >= 0 && digit <= 9); ++k)
      out.integer = out.integer * 10 + digit;
    if (k == text.size()) {
      out.kind = NumberText::integer_number;
      out.real = static_cast<double>(out.integer);
      out.plain = text[0] != '0' || k == 1;
      return out;
    }
    out.integer = 0;
  }
  auto body = trimmed(text);
  if (body.size() > 1 && body[0] == '+' && body[1] != '-') body.remove_prefix(1);
  if (body.empty()) return out;
  const bool minus = body[0] == '-';
  const char first = body[minus && body.size() > 1 ? 1 : 0];
  if ((first < '0' || first > '9') && first != '.') return out;  // from_chars would take "nan" and "inf"
  const char *begin = body.data(), *end = begin + body.size();
  if (const auto [at, error] = std::from_chars(begin, end, out.integer); at == end && error == std::errc()) {
    out.kind = NumberText::integer_number;
    out.real = static_cast<double>(out.integer);
    out.plain = body.size() == text.size() && (first != '0' || (body.size() == 1 && !minus));
    return out;
  }
  const auto [at, error] = std::from_chars(begin, end, out.real);
  if (at != end) return out;
  const bool fits = error == std::errc() && std::isfinite(out.real);
  out.kind = fits ? NumberText::real_number : NumberText::out_of_range;
  return out;
}

}  // namespace braid::kernels
