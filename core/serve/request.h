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
  std::uint64_t key = 0;             // where its key is said; else 0, as the unknown entity has it
  std::vector<data::Decoded> cells;  // per field of its table; undecoded where no node ahead reads the field
};

struct Request {
  std::int64_t line = 0;
  std::string id;        // as JSON; empty: none
  std::string what, at;  // what is wrong and where ("candidates[1].poster"); empty: nothing
  bool many = false;     // `candidates` was given: one row for each
  std::vector<Reference> candidates;
  std::vector<std::string> candidate_texts;  // their keys; empty for those that came inline or have none
  std::vector<bool> candidate_keyed;         // whether such a text is a key
  std::vector<Reference> links;              // per link of the driving table
  std::vector<std::string> link_texts;
  std::vector<bool> link_keyed;
  std::vector<std::vector<Reference>> lists;      // per list
  std::vector<data::Decoded> cells;               // per field of the driving table
  std::vector<std::vector<InlineGiven>> inlined;  // per table
  std::size_t decoded = 0;                        // bytes of all cells
  std::string unknown;  // "\"user\":\"zzz\",\"candidates\":[3],\"hour\":\"25\"": keys that no table has, values that no
                        // field knows

  std::int64_t rows() const { return !what.empty() ? 0 : many ? static_cast<std::int64_t>(candidates.size()) : 1; }
};

// A field as requests need it.
struct FieldOf {
  std::unique_ptr<Field> component;
  bool inline_cells = false;  // of an entity table: nodes ahead read it; of the driving table: requests do
};

// Reads lines. Safe from many threads.
class RequestReader {
 public:
  // All of it must outlive the reader. `fields` [table][field]; `closed` per table: entities of it cannot come inline;
  // `why_closed` what is said then. `files`: the folder below which requests may name files; empty: they may not.
  RequestReader(const recipe::Plan& plan, int candidates, const data::RequestBatcher& known,
                const std::vector<std::vector<FieldOf>>& fields, std::vector<std::string> closed,
                const std::string& files = "");
  Request read(std::string_view text, std::int64_t line) const;

 private:
  // What may stand in an object that describes one row of a table.
  struct Words {
    std::vector<std::string> columns, media;  // media: names of fields that read files
    std::vector<std::string> all;
  };
  class Reading;
  static Words words_of(const recipe::TablePlan& table, const std::vector<FieldOf>& fields);

  const recipe::Plan& plan_;
  int candidates_;
  const data::RequestBatcher& known_;
  const std::vector<std::vector<FieldOf>>& fields_;
  std::string files_;                            // absolute, without links
  std::vector<std::vector<bool>> names_values_;  // [table][field]: its id 0 stands for a value that it does not know
  std::vector<std::string> closed_;              // per table: why no entity of it may come inline; empty: it may
  std::vector<Words> words_;                     // per table; the driving one's: columns of its fields
  std::vector<std::string> names_;               // all that may stand in a request
};

// The bytes that base64 text stands for; false when it is none. Blanks and line ends are skipped.
bool from_base64(std::string_view text, Bytes& out);

}  // namespace braid::serve
