// One line of input: JSON to entities and decoded cells, or to what is wrong with it and where.
#pragma once

#include "data/requests.h"
#include "serve/json.h"

#include <cstdint>
#include <memory>
#include <optional>
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
  // "\"user\":\"zzz\",\"candidates\":[3],\"hour\":\"25\"": keys that no table has, values that no field knows.
  std::string unknown;

  std::int64_t rows() const { return !what.empty() ? 0 : many ? static_cast<std::int64_t>(candidates.size()) : 1; }
};

// A field as requests need it.
struct FieldOf {
  std::unique_ptr<Field> component;
  bool inline_cells = false;  // of an entity table: nodes ahead read it; of the driving table: requests do
  // The layout of a field whose ids stand for texts: a place that reads id 0 is a value that the field does not know.
  std::optional<data::Layout> named = std::nullopt;
};
// `named` of a field with this layout.
std::optional<data::Layout> named_ids(const Field& component, const data::Layout& layout);

// The folder below which requests may name files: none, unless the caller says so. Safe from many threads.
class FilesOfRequests {
 public:
  FilesOfRequests() = default;
  explicit FilesOfRequests(const std::string& folder);  // throws Error; "" allows none
  ~FilesOfRequests();
  FilesOfRequests(const FilesOfRequests&) = delete;
  FilesOfRequests& operator=(const FilesOfRequests&) = delete;
  // The bytes of a file that a request names, by its path in the folder. Throws std::runtime_error saying why not.
  Bytes read(const std::string& name) const;

 private:
  std::string given_, real_;  // as the caller says it; without links
  int folder_ = -1;
};

// Reads lines. Safe from many threads.
class RequestReader {
 public:
  // All of it but `closed` must outlive the reader. `fields` [table][field]; `closed` per table: entities of it cannot
  // come inline; `why_closed` what is said then.
  RequestReader(const recipe::Plan& plan, int candidates, const data::RequestBatcher& known,
                const std::vector<std::vector<FieldOf>>& fields, std::vector<std::string> closed,
                const FilesOfRequests& files);
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
  const FilesOfRequests& files_;
  std::vector<std::string> closed_;  // per table: why no entity of it may come inline; empty: it may
  std::vector<Words> words_;         // per table; the driving one's: columns of its fields
  std::vector<std::string> names_;   // all that may stand in a request
};

// The bytes that base64 text stands for; false when it is none. Blanks and line ends are skipped.
bool from_base64(std::string_view text, Bytes& out);

}  // namespace braid::serve
