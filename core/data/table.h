// Tables in memory: cells, keys, links, and what a run has made of the rows (splits, held-out entities, counts).
#pragma once

#include "data/column.h"
#include "data/evaluate.h"
#include "data/source.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace braid::data {

// Rows by their 64-bit key. Built by one thread, read by many.
class KeyIndex {
 public:
  // The row that has this key already, or -1 after putting `row` in.
  std::int32_t insert(std::uint64_t key, std::int32_t row);
  std::int32_t find(std::uint64_t key) const {  // -1: nobody has it
    if (slots_.empty()) return -1;
    for (auto at = key & mask_;; at = (at + 1) & mask_) {
      if (slots_[at].row < 0) return -1;
      if (slots_[at].key == key) return slots_[at].row;
    }
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::int32_t row = -1;
  };
  void grow();
  std::vector<Slot> slots_;
  std::uint64_t mask_ = 0;
  std::size_t used_ = 0;
};

// Collects mistakes in the data. With `bad_rows = "error"` they end the load, all at once; else they are counted.
class Complaints {
 public:
  static constexpr std::size_t shown = 20;
  // Ends the load. `fix`: what may be done about it, told once behind all errors.
  void error(const Diagnostic& mistake, const std::string& fix = "");
  void warning(const std::string& kind, const std::string& text);  // the first few of each kind are kept
  void throw_if_any() const;                                       // braid::Error with the first 20 and a count
  std::vector<std::string> warnings() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Diagnostic> errors_;
  std::size_t error_count_ = 0;
  std::set<std::string> fixes_;
  struct Kind {
    std::vector<std::string> first;
    std::int64_t count = 0;
  };
  std::map<std::string, Kind> warnings_;
};

inline constexpr std::int8_t no_split = -1;  // in no split: the unknown entity, a row without a kept place

struct Table {
  const recipe::TablePlan* plan = nullptr;
  std::int64_t rows = 0;  // entity tables: with row 0, the unknown entity
  std::int64_t bad_rows = 0;
  std::int64_t bad_loaded = 0;  // of them those that are loaded all the same, for the lists of others
  std::vector<Column> columns;
  std::vector<std::uint64_t> keys;        // per row; 0 for the unknown entity
  std::vector<std::uint32_t> lines;       // per row, within its file
  std::vector<std::int64_t> file_starts;  // first row of each file
  KeyIndex index;                         // entity tables
  std::uint64_t content = 0;              // over all cells of all files
  std::int64_t inline_rows = 0;           // the last ones: entities that came with a request; on no whole axis

  recipe::Indexed<recipe::LinkId, std::vector<std::int32_t>> links;  // per row: row of the linked table; 0 unknown
  recipe::Indexed<recipe::LinkId, std::int64_t> dangling;
  recipe::Indexed<recipe::LinkId, std::size_t> link_columns;  // among `columns`: each link's keys
  std::vector<std::int64_t> order;                            // event tables: sortable; empty: file order
  std::vector<std::uint8_t> held;                             // entity tables: 1 where held out; empty: nobody is
  std::vector<std::uint32_t> counts;   // training rows that reach the entity through direct links
  std::vector<std::int32_t> permuted;  // row whose cells the permuted fields take; empty: its own

  bool event() const { return plan->event(); }
  std::int64_t first_row() const { return event() ? 0 : 1; }
  std::int64_t order_of(std::int64_t row) const { return order.empty() ? row : order[static_cast<std::size_t>(row)]; }
  bool is_held(std::int64_t row) const { return !held.empty() && held[static_cast<std::size_t>(row)]; }
  const Column* column(const std::string& name) const;
  Column* column(const std::string& name);
  // Among `columns`; std::logic_error where there is none.
  std::size_t column_number(const std::string& name) const;
  Location location(std::int64_t row) const;
  std::string where(std::int64_t row) const { return location(row).text(); }  // "items.tsv:12"
};

using Tables = recipe::Indexed<recipe::TableId, Table>;
// Training rows that reach each entity, per link of the driving table.
using LinkCounts = recipe::Indexed<recipe::LinkId, std::vector<std::uint32_t>>;

// The columns that a plan reads, per table; nothing else is kept.
recipe::Indexed<recipe::TableId, std::set<std::string>> needed_columns(const recipe::Plan& plan);

// Names in the `media` text of a field: "posters.tar:{item}.jpg" has one, "item".
std::vector<std::string> media_columns(const std::string& media);

// Reads a table's files and joins through the readers that the plan names. Bad rows go to `complaints`.
void load_table(Table& table, const std::set<std::string>& needed, const Makers& makers, Complaints& complaints);

// One row for each different cell of `from`'s column of the key, in the order in which they appear; then the joins.
void collect_table(Table& table, const Table& from, const std::set<std::string>& needed, const Makers& makers,
                   Complaints& complaints);

// Turns link columns into rows of the linked tables. A key that the linked table lacks gives row 0 and is counted.
void resolve_links(Tables& tables, recipe::TableId which, Complaints& complaints);

// Table::order from the order column: numbers by their exact value, dates and times by the moment, other texts by their
// bytes, with a warning. Equal values get equal numbers. In a column of several of these kinds, of which more than half
// are numbers, or dates, the other rows are bad; they leave the table. Throws Error where no kind has more than half.
void read_order(Table& table, Complaints& complaints);

// Takes rows out of an event table, before links are resolved.
void drop_rows(Table& table, const std::vector<std::uint8_t>& gone);

// A loaded row that cannot be used: it is counted and told as the bad rows of files are. `fix` as in Complaints.
void bad_row(Table& table, std::int64_t row, const char* code, const std::string& what, Complaints& complaints,
             const std::string& fix = "");
inline constexpr const char* text_for_number_fix =
    "compare a text with a text in quotes (== 'text'), or list it in `missing`";

// Rows for which an expression has no answer, because a text is compared or combined with a number there: an error that
// names the first one, or with `bad_rows = "skip"` a warning, and the expression is false for them. For expressions
// that do not decide whether a row is used: those of slices, lists, hold-outs and permutations.
void tell_mixed(const Evaluator& evaluator, const Table& table, const std::string& what, Complaints& complaints);

// Names in expressions over the rows of `tables[which]`: its columns and `link.column`. `counts`: per link, or empty
// where training rows are not known yet.
Names names_of(Tables& tables, recipe::TableId which, const LinkCounts* link_counts);

}  // namespace braid::data
