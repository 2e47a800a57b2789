// Rows side by side by the group that they belong to.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace parts {

// Puts rows (with a member `group`, any 64 bits) of one group side by side and sorts each group; stable, so ties stay
// in the order of the rows' keys. The groups come in an order of their own, the same for the same rows. A hash of the
// group parts the rows first into pieces of some 16 to 32 rows, or of one group: sorting these takes half the time of
// sorting all at once.
template <class Row, class Before>
void sort_groups(std::vector<Row>& rows, Before before) {
  const auto bits = std::bit_width(rows.size() / 32);
  const auto piece = [&](const Row& row) {
    return bits == 0 ? 0 : static_cast<std::uint64_t>(row.group) * 0x9E3779B97F4A7C15u >> (64 - bits);
  };
  std::vector<std::size_t> ends((std::size_t{1} << bits) + 1);  // of piece p at p + 1; then, filled, at p
  for (const auto& row : rows) ++ends[piece(row) + 1];
  for (std::size_t p = 1; p < ends.size(); ++p) ends[p] += ends[p - 1];
  std::vector<Row> parted(rows.size());
  for (const auto& row : rows) parted[ends[piece(row)]++] = row;
  rows.swap(parted);
  for (std::size_t p = 0, from = 0; p + 1 < ends.size(); from = ends[p++])
    std::stable_sort(rows.begin() + static_cast<std::ptrdiff_t>(from),
                     rows.begin() + static_cast<std::ptrdiff_t>(ends[p]),
                     [&](const Row& a, const Row& b) { return a.group != b.group ? a.group < b.group : before(a, b); });
}

}  // namespace parts
