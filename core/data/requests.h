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

// One entity table of an export: row 0 the unknown entity, the others as the table had them.
struct KnownEntities {
  std::vector<std::uint64_t> keys;                            // 0 for the unknown entity
  std::vector<std::vector<std::int32_t>> links;               // [link][row]; empty where nothing reads it
  std::vector<std::vector<std::vector<std::int32_t>>> lists;  // [list][row]; empty where nothing reads it
};

// An entity that came with a request. It gets the row after the known ones, in order.
struct InlineEntity {
  std::uint64_t key = 0;
  std::vector<std::int32_t> links;               // per link of its table; those that nothing reads count as unknown
  std::vector<std::vector<std::int32_t>> lists;  // per list
};

struct RequestRow {
  std::vector<std::int32_t> links;           // per link of the driving table
  std::vector<std::string_view> link_texts;  // per link: the key's text, for `table.link` as a value; null: none
  const std::vector<std::vector<std::int32_t>>* lists = nullptr;  // per list
  const std::vector<Decoded>* cells = nullptr;                    // per field of the driving table
};

// Used by one thread.
class RequestBatcher {
 public:
  // `plan` is a serving plan, `known` stands per table (the driving one's is empty), `layouts` per field of the driving
  // table, with its component. Throws Error for lists that are drawn for each place of another.
  struct EventField {
    const Field* component = nullptr;  // nullptr where nothing reads it
    Layout layout;
  };
  RequestBatcher(const recipe::Plan& plan, std::vector<KnownEntities> known, std::vector<EventField> fields);
  ~RequestBatcher();

  std::int64_t known(int table) const;                         // rows, the unknown entity among them
  std::int32_t row_of(int table, std::string_view key) const;  // 0: nobody has this key. Safe from many threads
  bool reads_link(int table, int link) const;                  // whether any batch depends on it
  bool reads_list(int table, int list) const;
  bool reads_field(int field) const;  // of the driving table

  // `inlined` per table. Axes of entity tables have rows and keys, no fields.
  Batch make(std::span<const RequestRow> rows, const std::vector<std::vector<InlineEntity>>& inlined);
  // All entities of one table that came with the last make()'s rows, from the `first`-th on, as Batcher::entities.
  Batch inline_entities(int table, std::int64_t first, std::int64_t count) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> in_;
};

}  // namespace braid::data
