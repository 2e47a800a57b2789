// Batches of a served model: rows that requests name, entities by the numbers that an export gave them.
//
// Goes through the same batcher as training: which entities stand on which axis, and links between axes, are found by
// one code. Fields of event rows come decoded; what entity axes hold is given to the graph by the caller.
#pragma once

#include "data/batcher.h"
#include "data/layout.h"

#include <memory>
#include <string>
#include <vector>

namespace braid::data {

struct RequestRow {
  std::vector<std::int32_t> links;           // per link of the driving table
  std::vector<std::string_view> link_texts;  // per link: the key's text, for `table.link` as a value; null: none
  const std::vector<std::vector<std::int32_t>>* lists = nullptr;  // per list
  const std::vector<Decoded>* cells = nullptr;                    // per field of the driving table
};

// make() and inline_entities() are called by one thread at a time; the other functions are safe from many threads beside
// them.
class RequestBatcher {
 public:
  // `plan` is a serving plan; `known` has the keys of each table's entities, 0 for the unknown one, nothing for the
  // driving table; `fields` stand per field of the driving table. Throws Error for lists that are drawn for each place
  // of another.
  struct EventField {
    const Field* component = nullptr;  // nullptr where nothing reads it
    Layout layout;
  };
  RequestBatcher(const recipe::Plan& plan, std::vector<std::vector<std::uint64_t>> known,
                 std::vector<EventField> fields);
  ~RequestBatcher();

  std::int64_t known(int table) const;                         // rows, the unknown entity among them
  std::int32_t row_of(int table, std::string_view key) const;  // 0: no entity has this key
  bool reads_link(int link) const;                             // of the driving table: whether any batch depends on it
  bool reads_list(int list) const;

  // `inlined` per table: keys of entities that came with these rows. They have the rows after the known ones, in order.
  // Axes of entity tables have rows and keys, no fields.
  Batch make(std::span<const RequestRow> rows, const std::vector<std::vector<std::uint64_t>>& inlined);
  // All entities of one table that came with the last make()'s rows, from the `first`-th on, as Batcher::entities.
  Batch inline_entities(int table, std::int64_t first, std::int64_t count) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> in_;
};

}  // namespace braid::data
