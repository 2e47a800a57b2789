// Which rows of the driving table train, validate, test, or stand in a held-out split.
#pragma once

#include "data/table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid::data {

struct Splits {
  std::vector<std::string> names;  // train, valid, test, then the held-out ones
  // Per row of the driving table. `of` knows rows that `keep` drops too, because lists see them; `kept` are the rows
  // that are served. no_split: the unknown entity's row.
  std::vector<std::int8_t> of;
  std::vector<std::uint8_t> kept;
  std::vector<std::vector<std::int32_t>> rows;  // per split: kept rows, ascending

  std::optional<std::size_t> find(const std::string& name) const;
  bool serves(std::int64_t row, int split) const {
    return kept[static_cast<std::size_t>(row)] && of[static_cast<std::size_t>(row)] == split;
  }
};

// Which rows `keep` leaves, per row; never the unknown entity's, and none for which `keep` or the split's expression
// has no answer: those are bad rows.
std::vector<std::uint8_t> kept_rows(Tables& tables, recipe::TableId driving, Complaints& complaints);

// [tables.T] at_least: drops rows of entities with too few kept rows until none has too few. The unknown entity has.
void keep_core(const Tables& tables, recipe::TableId driving, std::vector<std::uint8_t>& kept);

// Marks held-out entities in their tables and deals the rows out.
Splits make_splits(Tables& tables, recipe::TableId driving, std::vector<std::uint8_t> kept, Complaints& complaints);

// Training rows that reach each entity: per link of the driving table, and summed into Table::counts. Links of entity
// tables carry the counts on (an item's creator counts as often as its items). An entity table that no link reaches
// counts each row once, so that its fields can be fitted. Held-out entities count 0. Returns the counts per link.
LinkCounts count_training(Tables& tables, recipe::TableId driving, const Splits& splits);

// Table::permuted of every table that asks for it.
void permute(Tables& tables, Complaints& complaints);

}  // namespace braid::data
