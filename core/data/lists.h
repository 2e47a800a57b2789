// Lists: histories, draws and lists that stand in a file, answered row by row without being kept for all rows.
//
// Places are used from index 0: oldest first for a history, the file's order for a column; the tail is padding.
#pragma once

#include "data/splits.h"
#include "data/table.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace braid::data {

struct Moment {  // what draws depend on, besides the row
  std::uint64_t seed = 1;
  std::int64_t step = 0;
  bool training = false;  // outside training the draws are the same in every pass
};

class List {
 public:
  virtual ~List() = default;
  // Places of the list at `row`, and their entities' rows. `out` is as long as count() says. Safe from many threads.
  virtual std::int64_t count(std::int64_t row) const = 0;
  virtual void fill(std::int64_t row, const Moment& moment, std::span<std::int32_t> out) const = 0;
  virtual std::int64_t group() const { return 1; }  // places that belong together: `per = LIST` draws several for each
};

// What lists are made of. All of it must outlive them.
struct ListContext {
  Tables& tables;
  recipe::TableId driving;
  const Splits& splits;
  const LinkCounts& link_counts;
  Complaints& complaints;
};

using Lists = recipe::Indexed<recipe::ListId, std::unique_ptr<List>>;

// The lists of a table. Histories and draws over the driving table know its splits.
Lists make_lists(const ListContext& context, recipe::TableId which);

}  // namespace braid::data
