#include "data/table.h"

#include "braid/reader.h"
#include "data/hash.h"
#include "data/placed.h"
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

// ---- keys ----

std::int32_t KeyIndex::insert(std::uint64_t key, std::int32_t row) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  auto at = key & mask_;
  for (; slots_[at].row >= 0; at = (at + 1) & mask_)
    if (slots_[at].key == key) return slots_[at].row;
  slots_[at] = {key, row};
  ++used_;
  return -1;
}

void KeyIndex::grow() {
  std::vector<Slot> old(std::max<std::size_t>(64, slots_.size() * 2));
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const auto& slot : old) {
    if (slot.row < 0) continue;
    auto at = slot.key & mask_;
    while (slots_[at].row >= 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

// ---- complaints ----

void Complaints::error(const std::string& text, const std::string& fix) {
  const std::lock_guard lock(mutex_);
  if (!fix.empty()) fixes_.insert(fix);
  ++error_count_;
  if (errors_.size() < shown) errors_.push_back(text);
}

void Complaints::warning(const std::string& kind, const std::string& text) {
  const std::lock_guard lock(mutex_);
  auto& entry = warnings_[kind];
  ++entry.count;
  if (entry.first.size() < 3) entry.first.push_back(text);
}

void Complaints::throw_if_any() const {
  const std::lock_guard lock(mutex_);
  if (!error_count_) return;
  std::string text;
  for (const auto& e : errors_) text += (text.empty() ? "" : "\n") + e;
  if (error_count_ > errors_.size())
    text +=
        "\nand " + std::to_string(error_count_ - errors_.size()) + " more; " + std::to_string(error_count_) + " in all";
  for (const auto& fix : fixes_) text += "\n  " + fix;
  text += "\n  fix the rows, or say bad_rows = \"skip\" in the table to leave them out";
  throw Error(text);
}

std::vector<std::string> Complaints::warnings() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [kind, entry] : warnings_) {
    for (const auto& text : entry.first) out.push_back(text);
    const auto more = entry.count - static_cast<std::int64_t>(entry.first.size());
    if (more > 0)
      out.push_back(kind + ": " + std::to_string(more) + " more, " + std::to_string(entry.count) + " in all");
  }
  return out;
}

// ---- tables ----

const Column* Table::column(const std::string& name) const {
  for (const auto& c : columns)
    if (c.name() == name) return &c;
  return nullptr;
}

Column* Table::column(const std::string& name) { return const_cast<Column*>(std::as_const(*this).column(name)); }

std::string Table::where(std::int64_t row) const {
  if (row < first_row()) return plan->name + ": the unknown entity";
  if (plan->files.empty()) return plan->name;
  const auto after = std::upper_bound(file_starts.begin(), file_starts.end(), row);
  const auto file = static_cast<std::size_t>(after - file_starts.begin()) - 1;
  return plan->files[file] + ":" + std::to_string(lines[static_cast<std::size_t>(row)]);
}

std::vector<std::string> media_columns(const std::string& media) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = media.find('{', at)) != std::string::npos;) {
    const auto end = media.find('}', at);
    if (end == std::string::npos) break;
    out.push_back(media.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

std::vector<std::set<std::string>> needed_columns(const recipe::Plan& plan) {
  std::vector<std::set<std::string>> needed(plan.tables.size());
  const auto link_named = [&](std::size_t t, const std::string& name) -> const recipe::LinkPlan* {
    for (const auto& l : plan.tables[t].links)
      if (l.name == name) return &l;
    return nullptr;
  };
  const auto expression = [&](std::size_t t, const recipe::Expression& e) {
    recipe::walk(e, [&](const recipe::Expression& node) {
      if (node.op != recipe::Expression::Op::column) return;
      const auto dot = node.name.find('.');
      const auto* link = dot == std::string::npos ? nullptr : link_named(t, node.name.substr(0, dot));
      if (link && link->table != recipe::none)
        needed[static_cast<std::size_t>(link->table)].insert(node.name.substr(dot + 1));
      else needed[t].insert(node.name);
    });
  };
  for (std::size_t t = 0; t < plan.tables.size(); ++t) {
    const auto& table = plan.tables[t];
    auto& columns = needed[t];
    if (!table.event()) columns.insert(table.key);
    if (table.from != recipe::none) needed[static_cast<std::size_t>(table.from)].insert(table.key);
    if (!table.order.empty()) columns.insert(table.order);
    for (const auto& field : table.fields) {
      columns.insert(field.from.begin(), field.from.end());
      for (const auto& name : media_columns(field.media)) columns.insert(name);
      if (field.from.empty() && field.media.empty()) columns.insert(field.name);
    }
    for (const auto& link : table.links) columns.insert(link.column.empty() ? link.name : link.column);
    for (const auto& label : table.labels) expression(t, label.value);
    for (const auto& list : table.lists) {
      if (list.where) expression(t, *list.where);
      if (list.what == recipe::ListPlan::What::column)
        needed[list.through == recipe::none
                   ? t
                   : static_cast<std::size_t>(table.links[static_cast<std::size_t>(list.through)].table)]
            .insert(list.column);
    }
    if (table.keep) expression(t, *table.keep);
    for (const auto& e : table.split.hash) expression(t, e);
    for (const auto& h : table.hold_out)
      expression(static_cast<std::size_t>(table.links[static_cast<std::size_t>(h.link)].table), h.where);
    if (table.permute) expression(t, table.permute->by);
  }
  for (const auto& slice : plan.slices)
    if (plan.train.rows != recipe::none) expression(static_cast<std::size_t>(plan.train.rows), slice.where);
  return needed;
}

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
                   ", which is not UTF-8; if the file is Latin-1, say encoding = \"latin-1\" in the table";
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
           for (auto& record : *records) demand_utf8(record, reader.columns());
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
      for (const auto& r : records) record(r);
      XXH3_64bits_update(&state_, text_.data(), text_.size());
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
        throw Error(path_ + ": error: column '" + column.name() + "' of table '" + plan_.name + "' is missing here; " +
                    plan_.files[0] + " has it [column-unknown]");
      cells_.push_back(*at);
    }
    const auto must = [&](const std::string& name, const char* what) -> std::optional<std::size_t> {
      if (name.empty()) return std::nullopt;
      if (const auto at = find(name)) return at;
      throw Error(path_ + ": error: there is no column '" + name + "', " + what + " of table '" + plan_.name +
                  "' [column-unknown]");
    };
    key_ = must(plan_.key, "the key");
    order_ = must(plan_.order, "the order");
  }

  void add_unknown(Column& column) {
    if (!plan_.event()) column.add_missing();
  }

  void record(const Record& r) {
    const auto number = record_++;
    for (const auto& cell : r.cells) text_.append(cell), text_ += '\x1f';
    text_ += '\x1e';
    if (!r.error.empty()) return bad(r.line, r.error, "bad-row");
    const auto row = table_.keys.size();
    if (row > 0x7ffffff0u)
      throw Error(path_ + ": error: table '" + plan_.name + "' has more than 2147483632 rows [table-too-long]");
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
    complaints_.error(path_ + ":" + std::to_string(line) + ": error: key '" + text + "' has the same 64-bit hash as '" +
                      std::string((*keys)[other]) + "' in " + place + "; rename one of them [key-collision]");
  }

  void bad(std::int64_t line, const std::string& what, const char* tag) {
    ++table_.bad_rows;
    const auto place = path_ + ":" + std::to_string(line) + ": ";
    const auto text = what + " [" + tag + "]";
    if (plan_.bad_rows == recipe::TablePlan::BadRows::error) complaints_.error(place + "error: " + text);
    else complaints_.warning("skipped rows of '" + plan_.name + "'", place + "skipped: " + text);
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
    throw Error(plan.file + ": error: there is no column '" + plan.key + "' to join table '" + table.plan->name +
                "' by [column-unknown]");

  const auto rows = static_cast<std::size_t>(table.rows);
  std::vector<std::vector<std::optional<std::string>>> cells(names.size(),
                                                             std::vector<std::optional<std::string>>(rows));
  std::vector<std::int64_t> from(rows, 0);  // line that a row was joined from
  XXH3_state_t state{};
  XXH3_64bits_reset(&state);
  const auto bad = [&](std::int64_t line, const std::string& what, const char* tag) {
    ++table.bad_rows;
    const auto place = plan.file + ":" + std::to_string(line) + ": ";
    if (table.plan->bad_rows == recipe::TablePlan::BadRows::error)
      complaints.error(place + "error: " + what + " [" + tag + "]");
    else complaints.warning("skipped rows of '" + plan.file + "'", place + "skipped: " + what + " [" + tag + "]");
  };
  each_block(reader, [&](std::vector<Record>& records) {
    for (auto& r : records) {
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

// A reader's own message gets the file's name and a tag in front and behind, as all messages have.
void placed(const std::string& path, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    const std::string what = e.what();
    if (has_place(what)) throw;
    throw Error(path + ": error: " + what + " [file-unreadable]");
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
      throw Error((plan.files.empty() ? plan.name : plan.files[0]) + ": error: table '" + plan.name +
                  "' has no column '" + name + "' [column-unknown]");
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
      key.add(std::string(text));
      add(hash);
    } else if (key[other] != text) {
      complaints.error(from.where(r) + ": error: '" + std::string(text) + "' has the same 64-bit hash as '" +
                       std::string(key[other]) + "'; rename one of them [key-collision]");
    }
  }
  table.columns.push_back(std::move(key));
  table.rows = static_cast<std::int64_t>(table.keys.size());
  table.content = from.content;
  finish_table(table, needed, makers, complaints);
}

void resolve_links(std::vector<Table>& tables, std::size_t which, Complaints& complaints) {
  auto& table = tables[which];
  for (const auto& link : table.plan->links) {
    const auto& name = link.column.empty() ? link.name : link.column;
    const auto& column = *table.column(name);
    const auto& target = tables[static_cast<std::size_t>(link.table)];
    std::vector<std::int32_t> rows(static_cast<std::size_t>(table.rows), 0);
    std::atomic<std::int64_t> dangling{0}, first{table.rows};
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(table.first_row(), table.rows, 4096), [&](const auto& range) {
      std::int64_t lost = 0, lost_first = table.rows;
      for (auto r = range.begin(); r != range.end(); ++r) {
        const auto text = column[r];
        if (!text.data()) continue;  // no key: the unknown entity, and no mistake
        const auto row = target.index.find(key_of(text));
        if (row > 0) rows[static_cast<std::size_t>(r)] = row;
        else ++lost, lost_first = std::min(lost_first, r);
      }
      if (!lost) return;
      dangling += lost;
      auto seen = first.load();
      while (lost_first < seen && !first.compare_exchange_weak(seen, lost_first)) {
      }
    });
    if (dangling)
      complaints.warning("dangling links '" + table.plan->name + "." + link.name + "'",
                         table.where(first) + ": warning: '" + table.plan->name + "." + link.name + "' points at '" +
                             std::string(column[first]) + "', which table '" + target.plan->name + "' does not have; " +
                             std::to_string(dangling) + " such rows, they reach the unknown entity [link-dangling]");
    table.links.push_back(std::move(rows));
    table.dangling.push_back(dangling);
  }
}

void drop_rows(Table& table, const std::vector<std::uint8_t>& gone) {
  for (auto& column : table.columns) column = column.without(gone);
  for (auto& start : table.file_starts) start -= std::count(gone.begin(), gone.begin() + start, 1);
  std::size_t left = 0;
  for (std::size_t r = 0; r < gone.size(); ++r) {
    if (gone[r]) continue;
    table.keys[left] = table.keys[r];
    table.lines[left++] = table.lines[r];
  }
  table.keys.resize(left);
  table.lines.resize(left);
  table.rows = static_cast<std::int64_t>(left);
}

void bad_row(Table& table, std::int64_t row, const std::string& what, Complaints& complaints, const std::string& fix) {
  ++table.bad_rows, ++table.bad_loaded;
  if (table.plan->bad_rows == recipe::TablePlan::BadRows::error)
    complaints.error(table.where(row) + ": error: " + what, fix);
  else complaints.warning("skipped rows of '" + table.plan->name + "'", table.where(row) + ": skipped: " + what);
}

void tell_mixed(const Evaluator& evaluator, const Table& table, const std::string& what, Complaints& complaints) {
  if (evaluator.mixed_rows() == 0) return;
  const auto first = evaluator.first_mixed();
  const bool skip = table.plan->bad_rows == recipe::TablePlan::BadRows::skip;
  const auto text = table.where(first) + (skip ? ": warning: " : ": error: ") + what + ": " +
                    evaluator.why_mixed(first) + "; " + std::to_string(evaluator.mixed_rows()) + " of " +
                    std::to_string(table.rows - table.first_row()) + " rows have such a cell [text-for-number]";
  if (skip) complaints.warning("rows of '" + table.plan->name + "' without an answer to " + what, text);
  else throw Error(text + "\n  compare it with a text in quotes (== 'text'), or list it in `missing`");
}

Names names_of(std::vector<Table>& tables, std::size_t which,
               const std::vector<std::vector<std::uint32_t>>* link_counts) {
  auto& table = tables[which];
  const auto link_at = [&table](const std::string& name) -> std::size_t {
    const auto& links = table.plan->links;
    for (std::size_t l = 0; l < links.size(); ++l)
      if (links[l].name == name) return l;
    return links.size();
  };
  Names names;
  names.column = [&tables, &table, link_at](const std::string& name) -> Names::Found {
    const auto dot = name.find('.');
    if (auto* column = table.column(name)) return column->parse_numbers(), Names::Found{column, nullptr};
    if (dot != std::string::npos) {
      const auto link = link_at(name.substr(0, dot));
      if (link < table.links.size()) {
        auto& target = tables[static_cast<std::size_t>(table.plan->links[link].table)];
        if (auto* column = target.column(name.substr(dot + 1)))
          return column->parse_numbers(), Names::Found{column, table.links[link].data()};
      }
    }
    throw Error(table.plan->name + ": error: an expression names column '" + name + "', which table '" +
                table.plan->name + "' does not have [column-unknown]");
  };
  names.train_count = [&table, link_at, link_counts](const std::string& name) -> Names::Counts {
    const auto link = link_at(name);
    if (link >= table.links.size())
      throw Error(table.plan->name + ": error: train_count(" + name + ") names no link of table '" + table.plan->name +
                  "' [link-unknown]");
    if (!link_counts)
      throw Error(table.plan->name + ": error: train_count(" + name +
                  ") is not known here: keep, labels, splits and hold-outs "
                  "decide which rows train [train-count-early]");
    return {(*link_counts)[link].data(), table.links[link].data()};
  };
  return names;
}

}  // namespace braid::data
