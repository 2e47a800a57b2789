#include "guess.h"

#include "column_names.h"
#include "field_guess.h"
#include "label_guess.h"
#include "recipe/document/words.h"
#include "references.h"
#include "toml_text.h"

#include <algorithm>
#include <tuple>

namespace braid::tools {
namespace {

using How = FieldGuess::How;

// Files with the same columns are one table.
std::vector<TableGuess> tables_of(const std::vector<Sample>& samples) {
  std::vector<TableGuess> out;
  for (const auto& s : samples) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const TableGuess& t) {
      const auto& first = t.first();
      return first.named && s.named && first.columns.size() == s.columns.size() && first.separator == s.separator &&
             first.encoding == s.encoding &&
             std::equal(first.columns.begin(), first.columns.end(), s.columns.begin(),
                        [](const Column& a, const Column& b) { return a.header == b.header; });
    });
    if (same != out.end()) same->files.push_back(&s);
    else out.emplace_back().files.push_back(&s);
  }
  return out;
}

std::size_t size_of(const TableGuess& t) {
  std::size_t n = 0;
  for (const auto* f : t.files) n += f->size;
  return n;
}

// The table whose rows are learnt from: the one with most links into others, then the largest.
std::size_t rows_table(const std::vector<TableGuess>& tables, const std::vector<Reference>& refs) {
  const auto worth = [&](std::size_t k) {
    int out = 0, in = 0;
    for (const auto& r : refs) out += r.from == k ? r.strength : 0, in += r.to == k;
    return std::make_tuple(out > 0 && in == 0, out, size_of(tables[k]));
  };
  std::size_t best = 0;
  for (std::size_t k = 1; k < tables.size(); ++k)
    if (worth(k) > worth(best)) best = k;
  return best;
}

std::string files_text(const TableGuess& t) {
  Words names;
  for (const auto* f : t.files) names.push_back(toml_text(f->file));
  return recipe::listed(names);
}

std::string without_id(const std::string& name) {
  for (const auto* end : {"_id", "_ID", "Id", "ID", " id"})
    if (name.size() > std::string(end).size() && name.ends_with(end))
      return name.substr(0, name.size() - std::string(end).size());
  return name;
}

// How rows are dealt without an order: those of the same entities stay together; without entities, equal rows.
std::string split_of(const Guess& g) {
  Words keys;
  for (const auto& link : g.links)
    if (const auto c = in_expression(link.column); !c.empty()) keys.push_back(c);
  if (keys.empty()) {
    std::vector<const Column*> columns;
    for (const auto& c : g.rows.first().columns)
      if (c.name != g.label_column && c.missing == 0 && !in_expression(c.name).empty()) columns.push_back(&c);
    std::stable_sort(columns.begin(), columns.end(),
                     [](const Column* a, const Column* b) { return a->values.size() > b->values.size(); });
    for (const auto* c : columns)
      if (c->values.size() > 1 && keys.size() < 4) keys.push_back(in_expression(c->name));
  }
  if (keys.empty()) return "";
  if (keys.size() > 8) keys.resize(8);  // as many as hash takes
  std::string out;
  for (const auto& key : keys) out += (out.empty() ? "hash(" : ", ") + key;
  return out + ")";
}

class Guesser {
 public:
  explicit Guesser(const std::vector<Sample>& samples)
      : tables_(tables_of(samples)), references_(references(tables_)), event_(rows_table(tables_, references_)) {}

  Guess run() {
    out_.rows = tables_[event_];
    out_.rows.name = names_.legal(stem(out_.rows.first().file), "rows");
    for (const auto& r : references_)
      if (r.from == event_ && names_the_key(r)) add_link(r);
    tell_left_out();
    find_label(out_, taken_);
    if (!out_.label.empty()) taken_.push_back(out_.label_column);
    find_order(out_, taken_);
    if (!out_.order.empty()) taken_.push_back(out_.order);
    for (auto& e : out_.entities) add_entity_fields(e);
    add_row_fields();
    out_.split = split_of(out_);
    return std::move(out_);
  }

 private:
  // The strongest link decides which column is the other table's key.
  bool names_the_key(const Reference& r) const {
    const auto strongest =
        std::max_element(references_.begin(), references_.end(), [&](const Reference& a, const Reference& b) {
          return std::make_pair(a.from == event_ && a.to == r.to, a.strength) <
                 std::make_pair(b.from == event_ && b.to == r.to, b.strength);
        });
    return r.key == strongest->key;
  }

  void add_link(const Reference& r) {
    auto& table = tables_[r.to];
    auto found =
        std::find_if(out_.entities.begin(), out_.entities.end(), [&](const auto& e) { return e.files == table.files; });
    if (found == out_.entities.end()) {
      table.key = r.key->name;
      table.why = "every row has its own, and " + files_text(out_.rows) + " names them";
      table.name = names_.legal(stem(table.first().file), "entities");
      found = out_.entities.insert(out_.entities.end(), table);
    }
    taken_.push_back(r.column->name);
    out_.links.push_back({inside_.legal(without_id(r.column->name), "link"), r.column->name, r.why,
                          static_cast<std::size_t>(found - out_.entities.begin())});
  }

  void tell_left_out() {
    for (const auto& t : tables_)
      if (t.files != out_.rows.files &&
          std::none_of(out_.entities.begin(), out_.entities.end(), [&](const auto& e) { return e.files == t.files; }))
        out_.left_out.push_back(files_text(t) + ": no column of " + files_text(out_.rows) + " names its rows" +
                                (t.first().named ? "" : "; its own have no names, give it a first line of them"));
  }

  static void add_entity_fields(TableGuess& entity) {
    Names fields({"key", "row"});
    entity.fields.push_back({How::id, fields.legal("id", "id"), entity.key, "", "the row itself"});
    for (const auto& c : entity.first().columns)
      if (c.name != entity.key) {
        entity.fields.push_back(field_of(c, false));
        entity.fields.back().name = fields.legal(c.name, "field");
      }
  }

  void add_row_fields() {
    for (const auto& c : out_.rows.first().columns) {
      if (has(taken_, c.name)) continue;
      auto f = field_of(c, true);
      f.name = inside_.legal(c.name, "field");
      const auto strength = label_strength(c);  // by its name: of another outcome
      if (is_time(c)) f.how = How::left_out, f.why = "looks like a time";
      else if (strength > 100 || strength == 80)
        f.how = How::left_out, f.why = "looks like another label, which could tell the answer";
      out_.rows.fields.push_back(std::move(f));
    }
  }

  std::vector<TableGuess> tables_;
  std::vector<Reference> references_;  // they point into the samples
  std::size_t event_;                  // the table whose rows are learnt from
  Names names_{{"rank", "learn", "features"}};
  Names inside_{{"key", "row", "label"}};  // of the rows' table
  Words taken_;                            // columns that are no fields
  Guess out_;
};

}  // namespace

Guess guess(const std::vector<Sample>& samples) { return Guesser(samples).run(); }

}  // namespace braid::tools
