#include "recipe/document/units.h"

#include <limits>
#include <span>

namespace braid::recipe {

namespace {

struct Suffix {
  std::string_view text;
  std::int64_t size;  // bytes, microseconds, or pieces
};

constexpr Suffix bytes[] = {
    {"B", 1},           {"kB", 1'000},      {"MB", 1'000'000},  {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000},
    {"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"TiB", 1LL << 40}};
constexpr Suffix times[] = {{"us", 1},           {"ms", 1'000},          {"s", 1'000'000},
                            {"min", 60'000'000}, {"h", 3'600'000'000LL}, {"d", 86'400'000'000LL}};
constexpr Suffix counts[] = {{"k", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}};
constexpr Suffix declared_times[] = {{"microseconds", 1},     {"milliseconds", 1'000},    {"seconds", 1'000'000},
                                     {"minutes", 60'000'000}, {"hours", 3'600'000'000LL}, {"days", 86'400'000'000LL}};

struct Family {
  std::span<const Suffix> suffixes;
  std::int64_t one = 1;  // size of the declared unit
  std::string_view example;
};

Family family(std::string_view unit) {
  if (unit == "bytes") return {bytes, 1, "2GiB"};
  for (const auto& time : declared_times)
    if (time.text == unit) return {times, time.size, "500ms"};
  return {counts, 1, "10k"};
}

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<Amount> amount(std::string_view text, std::string_view unit) {
  if (unit.empty()) return {};
  const auto known = family(unit);
  std::size_t at = 0;
  const bool minus = at < text.size() && text[at] == '-';
  at += minus;
  // Digits as they are: 4.35 times 1000 has to be 4350.
  __int128 digits = 0, parts = 1;
  int seen = 0;
  bool point = false;
  for (; at < text.size() && (digit(text[at]) || (text[at] == '.' && !point && seen > 0)); ++at) {
    if (text[at] == '.') {
      point = true;
      if (at + 1 >= text.size() || !digit(text[at + 1])) return {};
      continue;
    }
    if (++seen > 18) return {};
    digits = digits * 10 + (text[at] - '0');
    if (point) parts *= 10;
  }
  if (seen == 0) return {};
  while (at < text.size() && text[at] == ' ') ++at;
  const auto rest = text.substr(at);
  std::int64_t size = 0;
  for (const auto& suffix : known.suffixes)
    if (suffix.text == rest) size = suffix.size;
  if (size == 0) return {};
  const __int128 over = digits * size, under = parts * known.one;
  Amount out;
  out.value = static_cast<double>(over) / static_cast<double>(under) * (minus ? -1 : 1);
  if (over / under > std::numeric_limits<std::int64_t>::max()) return {};
  if (over % under == 0) out.whole = static_cast<std::int64_t>(over / under) * (minus ? -1 : 1);
  return out;
}

std::string amount_forms(std::string_view unit) {
  const auto known = family(unit);
  std::string out = "a number, or a text with ";
  for (std::size_t k = 0; k < known.suffixes.size(); ++k)
    out += std::string(k == 0                           ? ""
                       : k + 1 == known.suffixes.size() ? " or "
                                                        : ", ") +
           std::string(known.suffixes[k].text);
  return out + ": \"" + std::string(known.example) + "\"";
}

std::string amount_example(std::string_view unit) { return std::string(family(unit).example); }

std::string amount_pattern(std::string_view unit) {
  std::string out = "^-?[0-9]+(\\.[0-9]+)? *(";
  for (const auto& suffix : family(unit).suffixes) out += std::string(suffix.text) + "|";
  out.back() = ')';
  return out + "$";
}

}  // namespace braid::recipe
