// Files to the columns, keys and lines of a table.
#include "data/table.h"

#include "braid/reader.h"
#include "data/hash.h"
#include "kernels/text/utf8.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <unordered_map>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/parallel_sort.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::data {

namespace {

bool is_missing(const std::vector<std::string>& missing, std::string_view text) {
  for (const auto& m : missing)
    if (m == text) return true;
  return false;
}

// Tables are UTF-8, whatever reads them: a record with other bytes is bad.
void demand_utf8(Record& record, const std::vector<std::string>& names) {
  for (std::size_t c = 0; c < record.cells.size() && record.error.empty(); ++c) {
    const auto& cell = record.cells[c];
    const auto at = text::not_utf8(cell);
    if (at == std::string::npos) continue;
    char byte[8];
    std::snprintf(byte, sizeof byte, "0x%02X", static_cast<unsigned char>(cell[at]));
    record.error = "byte " + std::to_string(at) + " of column '" + (c < names.size() ? names[c] : std::to_string(c)) +
                   "' is " + byte +
                   ", which is not UTF-8; if the file is Latin-1, set encoding = \"latin-1\" in the table";
  }
}

// Runs a reader on a thread of its own ahead of `take`, block by block.
void each_block(Reader& reader, const std::function<void(std::vector<Record>&)>& take) {
  constexpr std::size_t block = 4096;
  bool more = true;
  using Block = std::shared_ptr<std::vector<Record>>;
  tbb::parallel_pipeline(
      4, tbb::make_filter<void, Block>(tbb::filter_mode::serial_in_order, [&](tbb::flow_control& flow) {
           if (!more) return flow.stop(), Block();
           auto records = std::make_shared<std::vector<Record>>();
           records->reserve(block);
           more = reader.next(*records, block);
           if (records->empty() && !more) flow.stop();
           return records;
         }) & tbb::make_filter<Block, void>(tbb::filter_mode::serial_in_order, [&](const Block& records) {
           take(*records);
         }));
}

// Appends one table's records to its columns.
class Loader {
 public:
  Loader(Table& table, const std::set<std::string>& needed, Complaints& complaints)
      : table_(table), plan_(*table.plan), needed_(needed), complaints_(complaints) {
    if (plan_.event()) return;
    table_.keys.push_back(0);
    table_.lines.push_back(0);
  }

  void file(std::size_t number, Reader& reader) {
    path_ = plan_.files[number];
    number_ = number;
    reader.open(path_);
    bind(reader.columns());
    table_.file_starts.push_back(static_cast<std::int64_t>(table_.keys.size()));
    XXH3_64bits_reset(&state_);
    record_ = 0;
    each_block(reader, [&](std::vector<Record>& records) {
      text_.clear();
      for (const auto& r : records) {
        for (const auto& cell : r.cells) text_.append(cell), text_ += '\x1f';
        text_ += '\x1e';
      }
      XXH3_64bits_update(&state_, text_.data(), text_.size());
      if (!text::is_ascii(text_))  // mostly it is, and a look at the whole block is quicker than one at each cell
        for (auto& r : records) demand_utf8(r, reader.columns());
      for (const auto& r : records) record(r);
    });
    table_.content = mixed(table_.content, XXH3_64bits_digest(&state_));
  }

 private:
  void bind(const std::vector<std::string>& header) {
    const auto find = [&](const std::string& name) -> std::optional<std::size_t> {
      const auto at = std::find(header.begin(), header.end(), name);
      return at == header.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - header.begin()));
    };
    if (number_ == 0) {
      for (const auto& name : needed_)
        if (find(name)) table_.columns.emplace_back(name), add_unknown(table_.columns.back());
    }
    cells_.clear();
    for (const auto& column : table_.columns) {
      const auto at = find(column.name());
      if (!at)
        throw Error("column-unknown", path_,
                    "column '" + column.name() + "' of table '" + plan_.name + "' is missing here; " + plan_.files[0] +
                        " has it");
      cells_.push_back(*at);
    }
    const auto must = [&](const std::string& name, const char* what) -> std::optional<std::size_t> {
      if (name.empty()) return std::nullopt;
      if (const auto at = find(name)) return at;
      throw Error("column-unknown", path_,
                  "there is no column '" + name + "', " + what + " of table '" + plan_.name + "'");
    };
    key_ = must(plan_.key, "the key");
    order_ = must(plan_.order, "the order");
  }

  void add_unknown(Column& column) {
    if (!plan_.event()) column.add_missing();
  }

  void record(const Record& r) {
    const auto number = record_++;
    if (!r.error.empty()) return bad(r.line, r.error, "bad-row");
    const auto row = table_.keys.size();
    if (row > 0x7ffffff0u)
      throw Error("table-too-long", path_, "table '" + plan_.name + "' has more than 2147483632 rows");
    std::uint64_t key = mixed(number_ + 1, number);
    if (key_) {
      const auto& text = r.cells[*key_];
      if (is_missing(plan_.missing, text)) return bad(r.line, "the key '" + plan_.key + "' is missing", "key-missing");
      key = key_of(text);
      const auto other = table_.index.insert(key, static_cast<std::int32_t>(row));
      if (other >= 0) return taken(r.line, text, other);
    }
    if (order_ && is_missing(plan_.missing, r.cells[*order_]))
      return bad(r.line, "the order column '" + plan_.order + "' is missing", "order-missing");
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      const auto& text = r.cells[cells_[c]];
      if (is_missing(plan_.missing, text)) table_.columns[c].add_missing();
      else table_.columns[c].add(text);
    }
    table_.keys.push_back(key);
    table_.lines.push_back(static_cast<std::uint32_t>(r.line));
  }

  void taken(std::int64_t line, const std::string& text, std::int32_t other) {
    const auto* keys = table_.column(plan_.key);
    const auto place = table_.where(other);
    if ((*keys)[other] == text) return bad(line, "key '" + text + "' stands in " + place + " too", "key-duplicate");
    complaints_.error({"key-collision",
                       {path_, line},
                       "key '" + text + "' has the same 64-bit hash as '" + std::string((*keys)[other]) + "' in " +
                           place + "; rename one of them"});
  }

  void bad(std::int64_t line, const std::string& what, const char* tag) {
    ++table_.bad_rows;
    const Location at{path_, line};
    if (plan_.bad_rows == recipe::TablePlan::BadRows::error) complaints_.error({tag, at, what});
    else
      complaints_.warning("skipped rows of '" + plan_.name + "'", at.text() + ": skipped: " + what + " [" + tag + "]");
  }

  Table& table_;
  const recipe::TablePlan& plan_;
  const std::set<std::string>& needed_;
  Complaints& complaints_;
  std::string path_, text_;
  std::size_t number_ = 0;
  std::int64_t record_ = 0;
  std::vector<std::size_t> cells_;  // per column of the table, its place in the file
  std::optional<std::size_t> key_, order_;
  XXH3_state_t state_{};
};

// Adds those needed columns that the table lacks and the joined file has.
void join(Table& table, const recipe::TablePlan::Join& plan, const std::set<std::string>& needed, Reader& reader,
          Complaints& complaints) {
  reader.open(plan.file);
  const auto& header = reader.columns();
  std::vector<std::size_t> places;
  std::vector<std::string> names;
  std::optional<std::size_t> key;
  for (std::size_t c = 0; c < header.size(); ++c) {
    if (header[c] == plan.key) key = c;
    else if (needed.count(header[c]) && !table.column(header[c])) places.push_back(c), names.push_back(header[c]);
  }
  if (!key)
    throw Error("column-unknown", plan.file,
                "there is no column '" + plan.key + "' to join table '" + table.plan->name + "' by");

  const auto rows = static_cast<std::size_t>(table.rows);
  std::vector<std::vector<std::optional<std::string>>> cells(names.size(),
                                                             std::vector<std::optional<std::string>>(rows));
  std::vector<std::int64_t> from(rows, 0);  // line that a row was joined from
  XXH3_state_t state{};
  XXH3_64bits_reset(&state);
  const auto bad = [&](std::int64_t line, const std::string& what, const char* tag) {
    ++table.bad_rows;
    const Location at{plan.file, line};
    if (table.plan->bad_rows == recipe::TablePlan::BadRows::error) complaints.error({tag, at, what});
    else complaints.warning("skipped rows of '" + plan.file + "'", at.text() + ": skipped: " + what + " [" + tag + "]");
  };
  each_block(reader, [&](std::vector<Record>& records) {
    for (auto& r : records) {
      demand_utf8(r, header);
      for (const auto& cell : r.cells)
        XXH3_64bits_update(&state, cell.data(), cell.size()), XXH3_64bits_update(&state, "\x1f", 1);
      if (!r.error.empty()) {
        bad(r.line, r.error, "bad-row");
        continue;
      }
      const auto row = table.index.find(key_of(r.cells[*key]));
      if (row <= 0) continue;  // a row about nobody in the table
      const auto at = static_cast<std::size_t>(row);
      if (from[at]) {
        bad(r.line, "key '" + r.cells[*key] + "' stands in line " + std::to_string(from[at]) + " too", "key-duplicate");
        continue;
      }
      from[at] = r.line;
      for (std::size_t c = 0; c < places.size(); ++c)
        if (!is_missing(table.plan->missing, r.cells[places[c]])) cells[c][at] = std::move(r.cells[places[c]]);
    }
  });
  table.content = mixed(table.content, XXH3_64bits_digest(&state));
  for (std::size_t c = 0; c < names.size(); ++c) {
    Column column(names[c]);
    for (const auto& cell : cells[c]) cell ? column.add(*cell) : column.add_missing();
    table.columns.push_back(std::move(column));
  }
}

// A reader's own mistake gets the file as its location, and a code, as all have.
void placed(const std::string& path, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    if (!e.diagnostic().location.file.empty()) throw;
    throw Error(e.diagnostic().at(path, "file-unreadable"));
  }
}

// Joined columns, and whether all are there.
void finish_table(Table& table, const std::set<std::string>& needed, const Makers& makers, Complaints& complaints) {
  const auto& plan = *table.plan;
  for (const auto& j : plan.joins) {
    const auto reader = makers.reader(j.reader);
    placed(j.file, [&] { join(table, j, needed, *reader, complaints); });
  }
  for (const auto& name : needed)
    if (!table.column(name))
      throw Error("column-unknown", (plan.files.empty() ? plan.name : plan.files[0]),
                  "table '" + plan.name + "' has no column '" + name + "'");
  if (plan.event()) read_order(table, complaints);
}

}  // namespace

void load_table(Table& table, const std::set<std::string>& needed, const Makers& makers, Complaints& complaints) {
  const auto& plan = *table.plan;
  Loader loader(table, needed, complaints);
  for (std::size_t f = 0; f < plan.files.size(); ++f) {
    const auto reader = makers.reader(plan.reader);
    placed(plan.files[f], [&] { loader.file(f, *reader); });
  }
  table.rows = static_cast<std::int64_t>(table.keys.size());
  finish_table(table, needed, makers, complaints);
}

void collect_table(Table& table, const Table& from, const std::set<std::string>& needed, const Makers& makers,
                   Complaints& complaints) {
  const auto& cells = *from.column(table.plan->key);
  Column key(table.plan->key);
  const auto add = [&](std::uint64_t hash) {
    table.keys.push_back(hash);
    table.lines.push_back(0);
  };
  key.add_missing();
  add(0);
  for (std::int64_t r = from.first_row(); r < from.rows; ++r) {
    const auto text = cells[r];
    if (!text.data()) continue;
    const auto hash = key_of(text);
    const auto other = table.index.insert(hash, static_cast<std::int32_t>(table.keys.size()));
    if (other < 0) {
      key.add(text);
      add(hash);
    } else if (key[other] != text) {
      complaints.error({"key-collision", from.location(r),
                        "'" + std::string(text) + "' has the same 64-bit hash as '" + std::string(key[other]) +
                            "'; rename one of them"});
    }
  }
  table.columns.push_back(std::move(key));
  table.rows = static_cast<std::int64_t>(table.keys.size());
  table.content = from.content;
  finish_table(table, needed, makers, complaints);
}

}  // namespace braid::data
