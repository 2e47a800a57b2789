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
  // Of the driving table.
  recipe::Indexed<recipe::LinkId, std::int32_t> links;
  recipe::Indexed<recipe::LinkId, std::string_view> link_texts;  // the key, for `table.link` as a value; null: none
  const recipe::Indexed<recipe::ListId, std::vector<std::int32_t>>* lists = nullptr;
  const recipe::Indexed<recipe::FieldId, Decoded>* cells = nullptr;
};

// Keys of entities, per table.
using EntityKeys = recipe::Indexed<recipe::TableId, std::vector<std::uint64_t>>;

// make() and inline_entities() are called by one thread at a time; the other functions are safe from many threads
// beside them.
class RequestBatcher {
 public:
  // `plan` is a serving plan; `known` has the keys of each table's entities, 0 for the unknown one, nothing for the
  // driving table; `fields` are those of the driving table. Throws Error for lists that are drawn for each place
  // of another.
  struct EventField {
    const Field* component = nullptr;  // nullptr where nothing reads it
    Layout layout;
  };
  RequestBatcher(const recipe::Plan& plan, EntityKeys known, recipe::Indexed<recipe::FieldId, EventField> fields);
  ~RequestBatcher();

  std::int64_t known(recipe::TableId table) const;                         // rows, the unknown entity among them
  std::int32_t row_of(recipe::TableId table, std::string_view key) const;  // 0: no entity has this key
  bool reads_link(recipe::LinkId link) const;  // of the driving table: whether any batch depends on it
  bool reads_list(recipe::ListId list) const;

  // `inlined` per table: keys of entities that came with these rows. They have the rows after the known ones, in order.
  // Axes of entity tables have rows and keys, no fields.
  Batch make(std::span<const RequestRow> rows, const EntityKeys& inlined);
  // All entities of one table that came with the last make()'s rows, from the `first`-th on, as Batcher::entities.
  Batch inline_entities(recipe::TableId table, std::int64_t first, std::int64_t count) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> in_;
};

}  // namespace braid::data
