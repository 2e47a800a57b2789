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

void Complaints::error(const Diagnostic& mistake, const std::string& fix) {
  const std::lock_guard lock(mutex_);
  if (!fix.empty()) fixes_.insert(fix);
  ++error_count_;
  if (errors_.size() < shown) errors_.push_back(mistake);
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
  auto all = errors_;
  auto& notes = all.back().notes;
  if (error_count_ > all.size())
    notes.push_back("and " + std::to_string(error_count_ - all.size()) + " more; " + std::to_string(error_count_) +
                    " in all");
  notes.insert(notes.end(), fixes_.begin(), fixes_.end());
  notes.push_back("fix the rows, or say bad_rows = \"skip\" in the table to leave them out");
  throw Error(all);
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

std::size_t Table::column_number(const std::string& name) const {
  for (std::size_t k = 0; k < columns.size(); ++k)
    if (columns[k].name() == name) return k;
  throw std::logic_error("table '" + plan->name + "' has no column '" + name + "'");
}

Column* Table::column(const std::string& name) { return const_cast<Column*>(std::as_const(*this).column(name)); }

Location Table::location(std::int64_t row) const {
  if (row < first_row()) return plan->name + ": the unknown entity";
  if (plan->files.empty()) return plan->name;
  const auto after = std::upper_bound(file_starts.begin(), file_starts.end(), row);
  const auto file = static_cast<std::size_t>(after - file_starts.begin()) - 1;
  return {plan->files[file], lines[static_cast<std::size_t>(row)]};
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

recipe::Indexed<recipe::TableId, std::set<std::string>> needed_columns(const recipe::Plan& plan) {
  recipe::Indexed<recipe::TableId, std::set<std::string>> needed(plan.tables.size());
  const auto expression = [&](recipe::TableId t, const recipe::Expression& e) {
    recipe::walk(e, [&](const recipe::Expression& node) {
      if (node.op != recipe::Expression::Op::column) return;
      const auto& links = plan.tables[t].links;
      const auto dot = node.name.find('.');
      const auto link = dot == std::string::npos ? std::nullopt : links.find(node.name.substr(0, dot));
      if (link) needed[links[*link].table].insert(node.name.substr(dot + 1));
      else needed[t].insert(node.name);
    });
  };
  for (const auto t : plan.tables.ids()) {
    const auto& table = plan.tables[t];
    auto& columns = needed[t];
    if (!table.event()) columns.insert(table.key);
    if (table.from) needed[*table.from].insert(table.key);
    if (!table.order.empty()) columns.insert(table.order);
    for (const auto& field : table.fields) {
      columns.insert(field.from.begin(), field.from.end());
      for (const auto& name : media_columns(field.media)) columns.insert(name);
      if (field.from.empty() && field.media.empty()) columns.insert(field.name);
    }
    for (const auto& link : table.links) columns.insert(link.column.empty() ? link.name : link.column);
    for (const auto& label : table.labels) expression(t, label.value);
    for (const auto& list : table.lists) {
      if (const auto* history = std::get_if<recipe::ListPlan::History>(&list.how); history && history->where)
        expression(t, *history->where);
      if (const auto* keys = std::get_if<recipe::ListPlan::Keys>(&list.how))
        needed[keys->through ? table.links[*keys->through].table : t].insert(keys->column);
    }
    if (table.keep) expression(t, *table.keep);
    if (const auto* hash = std::get_if<recipe::SplitPlan::ByHash>(&table.split.how)) expression(t, hash->value);
    for (const auto& h : table.hold_out) expression(table.links[h.link].table, h.where);
    if (table.permute) expression(t, table.permute->by);
  }
  for (const auto& slice : plan.slices)
    if (plan.train.rows) expression(*plan.train.rows, slice.where);
  return needed;
}

void resolve_links(Tables& tables, recipe::TableId which, Complaints& complaints) {
  auto& table = tables[which];
  for (const auto& link : table.plan->links) {
    const auto& name = link.column.empty() ? link.name : link.column;
    const auto number = table.column_number(name);
    const auto& column = table.columns[number];
    const auto& target = tables[link.table];
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
    table.link_columns.push_back(number);
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

void bad_row(Table& table, std::int64_t row, const char* code, const std::string& what, Complaints& complaints,
             const std::string& fix) {
  ++table.bad_rows, ++table.bad_loaded;
  if (table.plan->bad_rows == recipe::TablePlan::BadRows::error)
    complaints.error({code, table.location(row), what}, fix);
  else
    complaints.warning("skipped rows of '" + table.plan->name + "'",
                       table.where(row) + ": skipped: " + what + " [" + code + "]");
}

void tell_mixed(const Evaluator& evaluator, const Table& table, const std::string& what, Complaints& complaints) {
  if (evaluator.mixed_rows() == 0) return;
  const auto first = evaluator.first_mixed();
  const bool skip = table.plan->bad_rows == recipe::TablePlan::BadRows::skip;
  Diagnostic mixed{"text-for-number", table.location(first),
                   what + ": " + evaluator.why_mixed(first) + "; " + std::to_string(evaluator.mixed_rows()) + " of " +
                       std::to_string(table.rows - table.first_row()) + " rows have such a cell"};
  mixed.warning = skip;
  if (skip) return complaints.warning("rows of '" + table.plan->name + "' without an answer to " + what, mixed.text());
  mixed.notes = {"compare it with a text in quotes (== 'text'), or list it in `missing`"};
  throw Error(mixed);
}

Names names_of(Tables& tables, recipe::TableId which, const LinkCounts* link_counts) {
  auto& table = tables[which];
  // A link whose rows are known.
  const auto link_at = [&table](const std::string& name) {
    const auto link = table.plan->links.find(name);
    return link && table.links.contains(*link) ? link : std::nullopt;
  };
  Names names;
  names.column = [&tables, &table, link_at](const std::string& name) -> Names::Found {
    const auto dot = name.find('.');
    if (auto* column = table.column(name)) return column->parse_numbers(), Names::Found{column, nullptr};
    if (const auto link = dot == std::string::npos ? std::nullopt : link_at(name.substr(0, dot))) {
      auto& target = tables[table.plan->links[*link].table];
      if (auto* column = target.column(name.substr(dot + 1)))
        return column->parse_numbers(), Names::Found{column, table.links[*link].data()};
    }
    throw Error("column-unknown", table.plan->name,
                "an expression names column '" + name + "', which table '" + table.plan->name + "' does not have");
  };
  names.train_count = [&table, link_at, link_counts](const std::string& name) -> Names::Counts {
    const auto link = link_at(name);
    if (!link)
      throw Error("link-unknown", table.plan->name,
                  "train_count(" + name + ") names no link of table '" + table.plan->name + "'");
    if (!link_counts)
      throw Error(
          "train-count-early", table.plan->name,
          "train_count(" + name + ") is not known here: keep, labels, splits and hold-outs decide which rows train");
    return {(*link_counts)[*link].data(), table.links[*link].data()};
  };
  return names;
}

}  // namespace braid::data
