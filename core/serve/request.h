// One line of input: JSON to entities and decoded cells, or to what is wrong with it and where.
#pragma once

#include "data/requests.h"
#include "serve/json.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace braid::serve {

// An entity as a request names it: a row of its table, or, below 0, number -1 - k of those that came inline with it.
using Reference = std::int32_t;

struct InlineGiven {
  std::uint64_t key = 0;                                  // where its key is said; else 0, as the unknown entity has it
  recipe::Indexed<recipe::FieldId, data::Decoded> cells;  // undecoded where no node ahead reads the field
};

struct Request {
  std::int64_t line = 0;
  std::string id;        // as JSON; empty: none
  std::string what, at;  // what is wrong and where ("candidates[1].poster"); empty: nothing
  bool many = false;     // `candidates` was given: one row for each
  std::vector<Reference> candidates;
  std::vector<std::string> candidate_texts;  // their keys; empty for those that came inline or have none
  std::vector<bool> candidate_keyed;         // whether such a text is a key
  // Of the driving table.
  recipe::Indexed<recipe::LinkId, Reference> links;
  recipe::Indexed<recipe::LinkId, std::string> link_texts;
  recipe::Indexed<recipe::LinkId, bool> link_keyed;
  recipe::Indexed<recipe::ListId, std::vector<Reference>> lists;
  recipe::Indexed<recipe::FieldId, data::Decoded> cells;
  recipe::Indexed<recipe::TableId, std::vector<InlineGiven>> inlined;
  std::size_t decoded = 0;  // bytes of all cells
  std::string unknown;  // "\"user\":\"zzz\",\"candidates\":[3],\"hour\":\"25\"": keys that no table has, values that no
                        // field knows

  std::int64_t rows() const { return !what.empty() ? 0 : many ? static_cast<std::int64_t>(candidates.size()) : 1; }
};

// A field as requests need it.
struct FieldOf {
  std::unique_ptr<Field> component;
  bool inline_cells = false;  // of an entity table: nodes ahead read it; of the driving table: requests do
};

using TableFields = recipe::Indexed<recipe::FieldId, FieldOf>;
using Fields = recipe::Indexed<recipe::TableId, TableFields>;
using Closed =
    recipe::Indexed<recipe::TableId, std::string>;  // why no entity of a table may come inline; empty: it may

// Reads lines. Safe from many threads.
class RequestReader {
 public:
  // All of it must outlive the reader. `candidates`: the link that they stand for. `files`: the folder below which
  // requests may name files; empty: they may not.
  RequestReader(const recipe::Plan& plan, std::optional<recipe::LinkId> candidates, const data::RequestBatcher& known,
                const Fields& fields, Closed closed, const std::string& files = "");
  Request read(std::string_view text, std::int64_t line) const;

 private:
  // What may stand in an object that describes one row of a table.
  struct Words {
    std::vector<std::string> columns, media;  // media: names of fields that read files
    std::vector<std::string> all;
  };
  class Reading;
  static Words words_of(const recipe::TablePlan& table, const TableFields& fields);

  const recipe::Plan& plan_;
  std::optional<recipe::LinkId> candidates_;
  const data::RequestBatcher& known_;
  const Fields& fields_;
  std::string files_;  // absolute, without links
  // Whether a field's id 0 stands for a value that it does not know.
  recipe::Indexed<recipe::TableId, recipe::Indexed<recipe::FieldId, bool>> names_values_;
  Closed closed_;
  recipe::Indexed<recipe::TableId, Words> words_;  // the driving table's: columns of its fields
  std::vector<std::string> names_;                 // all that may stand in a request
};

}  // namespace braid::serve
