#include "data/column.h"

#include "data/hash.h"

#include <charconv>
#include <cmath>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::data {

std::uint64_t key_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

namespace {

// from_chars takes "nan" and "inf"; in a table these are words.
bool may_be_number(std::string_view text) {
  const char c = text[0] == '-' && text.size() > 1 ? text[1] : text[0];
  return (c >= '0' && c <= '9') || c == '.';
}

Column::Kind parse(std::string_view text, std::int64_t& bits) {
  if (!text.data()) return Column::Kind::missing;
  if (text.empty() || !may_be_number(text)) return Column::Kind::text;
  const char *begin = text.data(), *end = begin + text.size();
  std::int64_t whole = 0;
  if (const auto [at, error] = std::from_chars(begin, end, whole); at == end && error == std::errc()) {
    bits = whole;
    const bool minus = text[0] == '-';
    const char first = text[minus ? 1 : 0];
    const bool usual = first != '0' || (text.size() == 1 && !minus);
    return usual ? Column::Kind::whole : Column::Kind::padded;
  }
  double real = 0;
  if (const auto [at, error] = std::from_chars(begin, end, real);
      at == end && error == std::errc() && std::isfinite(real)) {
    bits = std::bit_cast<std::int64_t>(real);
    return Column::Kind::real;
  }
  return Column::Kind::text;
}

}  // namespace

void Column::parse_numbers() {
  if (parsed()) return;
  kinds_.resize(ends_.size());
  numbers_.resize(ends_.size());
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, ends_.size(), 1 << 14), [&](const auto& range) {
    for (auto r = range.begin(); r != range.end(); ++r)
      kinds_[r] = parse((*this)[static_cast<std::int64_t>(r)], numbers_[r]);
  });
}

}  // namespace braid::data
