#include "data/column.h"

#include "data/hash.h"
#include "kernels/text/number.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::data {

std::uint64_t key_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

namespace {

Column::Kind parse(std::string_view text, std::int64_t& bits) {
  using kernels::NumberText;
  if (!text.data()) return Column::Kind::missing;
  const auto number = kernels::read_number(text);
  if (number.kind == NumberText::integer_number) {
    bits = number.integer;
    return number.plain ? Column::Kind::whole : Column::Kind::padded;
  }
  if (number.kind != NumberText::real_number) return Column::Kind::text;
  bits = std::bit_cast<std::int64_t>(number.real);
  return Column::Kind::real;
}

}  // namespace

Column Column::without(const std::vector<std::uint8_t>& gone) const {
  Column out(name_);
  for (std::int64_t r = 0; r < rows(); ++r) {
    if (gone[static_cast<std::size_t>(r)]) continue;
    const auto text = (*this)[r];
    text.data() ? out.add(text) : out.add_missing();
  }
  return out;
}

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
