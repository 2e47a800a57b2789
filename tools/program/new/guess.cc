#include "guess.h"

#include "recipe/document/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

namespace braid::tools {
namespace {

using How = FieldGuess::How;
using Words = std::vector<std::string>;

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Letters and digits, in lower case: "User ID" and "user_id" are one name.
std::string plain(const std::string& name) {
  std::string out;
  for (const char c : name)
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    else if (c >= 'A' && c <= 'Z') out += static_cast<char>(c + 32);
  return out;
}

std::string singular(const std::string& name) {
  if (name.size() > 4 && name.ends_with("ies")) return name.substr(0, name.size() - 3) + "y";
  if (name.size() > 3 && name.ends_with("s") && !name.ends_with("ss")) return name.substr(0, name.size() - 1);
  return name;
}

std::string stem(const std::string& file) {
  auto name = std::filesystem::path(file).filename().string();
  return name.substr(0, name.find('.', 1));
}

std::string quoted(const std::string& column) { return toml_text(column); }

// A column in an expression; empty when it cannot be said there.
std::string in_expression(const std::string& column) {
  static const Words words{"and", "or", "not", "in", "is", "missing", "hash", "train_count"};
  bool identifier = !column.empty() && !(column[0] >= '0' && column[0] <= '9') && !has(words, column);
  for (const char c : column) {
    if (c == '`' || static_cast<unsigned char>(c) < 32) return "";
    identifier = identifier && (c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
  }
  return identifier ? column : "`" + column + "`";
}

// ---- keys and links ----

// Names under which other tables may speak of an entity of the table `file`.
Words names_of(const std::string& file, const std::string& key) {
  const auto table = plain(stem(file)), one = singular(table), name = plain(key);
  Words out{one, one + "id", one + "key", one + "code", "id" + one, table, table + "id"};
  if (!has({"id", "key", "name", "index", "code", "no", "nr", "number"}, name)) out.push_back(name);
  return out;
}

std::size_t shared(const Column& column, const Column& key) {
  std::size_t n = 0;
  for (const auto& [value, _] : column.values) n += key.values.count(value);
  return n;
}

// How sure it is that `column` names entities whose key is `key`, from 0 to 3, and why.
int link_strength(const Column& column, const Sample& to, const Column& key, std::string& why) {
  if (column.values.empty()) return 0;
  const auto common = shared(column, key), distinct = column.values.size();
  const auto share =
      std::to_string(common) + " of its " + recipe::counted(distinct, "value") + " in the sample are keys there";
  const auto name = plain(column.header);
  const auto names = names_of(to.file, key.header);
  const bool sampled = !to.whole;  // keys beyond the sample are not seen
  if (!name.empty() && has(names, name)) {
    if (common == 0 && !sampled) return 0;
    why = "by its name; " + share;
    return 3;
  }
  const bool ends =
      std::any_of(names.begin(), names.end(), [&](const auto& n) { return n.size() > 2 && name.ends_with(n); });
  if (ends && common * 2 >= distinct) {
    why = "by the end of its name; " + share;
    return 2;
  }
  // Small whole numbers lie in each other's range by chance: they are not taken for keys without a name.
  if (!(column.wholes && key.wholes) && distinct >= 3 && common * 5 >= distinct * 4) {
    why = "by its values: " + share;
    return 1;
  }
  return 0;
}

struct Reference {
  std::size_t from, to;  // samples
  const Column* column;
  const Column* key;
  int strength;
  std::string why;
};

// For each column of each file, the key that it most probably names.
std::vector<Reference> references(const std::vector<TableGuess>& tables) {
  std::vector<Reference> out;
  for (std::size_t from = 0; from < tables.size(); ++from)
    for (const auto& column : tables[from].first().columns) {
      std::optional<Reference> best;
      for (std::size_t to = 0; to < tables.size(); ++to) {
        if (to == from) continue;
        for (const auto& key : tables[to].first().columns) {
          if (!key.unique()) continue;
          std::string why;
          const auto strength = link_strength(column, tables[to].first(), key, why);
          if (strength > (best ? best->strength : 0)) best = Reference{from, to, &column, &key, strength, why};
        }
      }
      if (best) out.push_back(*best);
    }
  return out;
}

// ---- fields ----

constexpr std::size_t longest_value = 40;  // bytes; longer parts are clauses of a text

std::string splits_by(const Column& column) {
  for (const auto* by : {" | ", "|", "; ", ";", ", ", ","}) {
    std::size_t with = 0, parts = 0, longest = 0;
    std::map<std::string, int> distinct;
    for (const auto& [cell, count] : column.values) {
      if (cell.find(by) != cell.npos) with += count;
      for (std::size_t at = 0; at <= cell.size();) {
        const auto end = std::min(cell.find(by, at), cell.size());
        parts += 1;
        longest = std::max(longest, end - at);
        distinct[cell.substr(at, end - at)] += 1;
        at = end + std::string_view(by).size();
      }
    }
    if (with * 5 >= column.there() && distinct.size() * 2 <= parts && longest <= longest_value) return by;
  }
  return "";
}

bool is_image(const std::string& cell) {
  for (const auto* ending : {".jpg", ".jpeg", ".png", ".JPG", ".PNG"})
    if (cell.ends_with(ending)) return true;
  return false;
}

// `event`: of a row that happened, where whole numbers that come again are names of something.
FieldGuess field_of(const Column& column, bool event) {
  FieldGuess out;
  out.column = column.name;
  const auto distinct = column.values.size(), there = column.there();
  const auto values = recipe::counted(distinct, "value") + " in " + recipe::counted(there, "row");
  const auto name = plain(column.header);
  if (distinct == 0) return out.why = "no cell of the sample has anything", out;
  if (distinct == 1) return out.why = "every cell of the sample has the same value", out;
  const bool few = distinct * 2 <= there || distinct <= 12;
  const bool code = name.ends_with("id") || name.ends_with("code") || name.starts_with("zip");
  const bool codes = column.wholes &&
                     (distinct <= 12 || (distinct <= 30 && distinct * 10 <= there) || (event && distinct * 3 <= there));
  if (column.numbers && !code && !codes) return out.how = How::number, out.why = "all cells are numbers", out;
  if (is_image(column.values.begin()->first)) return out.how = How::image, out.why = "names pictures", out;
  if (!column.numbers)
    if (const auto by = splits_by(column); !by.empty())
      return out.how = How::several, out.split = by, out.why = "several values a cell", out;
  if (sorts_as_date(column.values.begin()->first) && distinct > 12) return out.why = "looks like a date", out;
  if (column.words >= 3 || column.longest > 60) return out.how = How::text, out.why = "looks like text", out;
  if (few) return out.how = How::category, out.why = values, out;
  return out.why = "nearly as many values as rows: " + values, out;
}

// ---- the label and the order ----

constexpr std::array label_names{"label",     "target",    "clicked",  "click",  "isclick",   "liked",
                                 "like",      "purchased", "purchase", "bought", "converted", "conversion",
                                 "watched",   "rating",    "ratings",  "stars",  "score",     "vote",
                                 "relevance", "response",  "outcome",  "y"};
constexpr std::array time_names{"timestamp", "time",    "datetime", "date", "ts",  "unixtime", "eventtime",
                                "createdat", "created", "day",      "turn", "pos", "position", "sequence"};

template <class Names>
int place_in(const Names& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

bool is_time(const Column& c) {
  if (c.missing > 0 || c.values.size() < 2) return false;
  const bool dates =
      std::all_of(c.values.begin(), c.values.end(), [](const auto& v) { return sorts_as_date(v.first); });
  if (dates) return true;
  if (!c.numbers) return false;
  const bool epoch = c.wholes && ((c.low > 8e8 && c.high < 5e9) || (c.low > 8e11 && c.high < 5e12));
  return epoch || place_in(time_names, plain(c.header)) >= 0;
}

// The expression that is true for about half of the rows; empty when the column has none.
std::string test_of(const Column& c, std::string& why) {
  const auto column = in_expression(c.name);
  if (column.empty() || c.values.size() < 2) return "";
  if (c.numbers) {
    std::map<double, std::size_t> rows;
    for (const auto& [cell, count] : c.values) rows[*number_in(cell)] += count;
    if (rows.size() < 2) return "";
    double best = rows.begin()->first, off = 2, share = 0;
    std::size_t below = 0;
    for (auto at = rows.begin(); std::next(at) != rows.end(); ++at) {
      below += at->second;
      const auto above = 1 - static_cast<double>(below) / static_cast<double>(c.there());
      if (std::abs(above - 0.5) < off) best = at->first, off = std::abs(above - 0.5), share = above;
    }
    why = "true in " + std::to_string(static_cast<int>(std::lround(100 * share))) + " % of the sampled rows";
    return column + " > " + recipe::number_text(best);
  }
  if (c.values.size() != 2) return "";
  auto yes = c.values.begin()->second <= c.values.rbegin()->second ? c.values.begin()->first : c.values.rbegin()->first;
  for (const auto& [cell, _] : c.values)
    if (has({"yes", "true", "y", "t", "pos", "positive", "click", "like", "buy"}, plain(cell))) yes = cell;
  std::string text;
  for (const char ch : yes) {
    if (static_cast<unsigned char>(ch) < 32 || static_cast<unsigned char>(ch) > 126) return "";
    text += ch == '\'' ? "''" : std::string(1, ch);
  }
  why = "one of its two values";
  return column + " == '" + text + "'";
}

// How much a column looks like what is to be learnt; 0: not at all.
int label_strength(const Column& c) {
  if (c.values.size() < 2) return 0;
  const auto name = plain(c.header);
  if (const auto k = place_in(label_names, name); k >= 0) return 200 - k;
  if (c.wholes && c.values.size() == 2 && c.low == 0 && c.high == 1) return 100;
  const auto first = plain(c.values.begin()->first);
  if (c.values.size() == 2 && has({"no", "false", "n", "f"}, first)) return 90;
  for (const auto* word : label_names)
    if (std::string(word).size() > 3 && name.ends_with(word)) return 80;
  if (c.wholes && c.values.size() <= 11 && c.values.size() > 2 && c.rows > 20) return 10;
  return 0;
}

void find_label(Guess& g, const Words& taken) {
  const Column* best = nullptr;
  for (const auto& c : g.rows.first().columns)
    if (!has(taken, c.name) && label_strength(c) > (best ? label_strength(*best) : 0)) best = &c;
  if (!best) return;
  std::string why;
  g.label = test_of(*best, why);
  if (g.label.empty()) return;
  g.label_column = best->name;
  g.label_why =
      (place_in(label_names, plain(best->header)) >= 0 ? "by the column's name; " : "by the column's values; ") + why;
  if (best->missing > 0) g.keep = in_expression(best->name) + " is not missing";
}

void find_order(Guess& g, const Words& taken) {
  const Column* best = nullptr;
  const auto strength = [](const Column& c) {
    const auto k = place_in(time_names, plain(c.header));
    return k >= 0 ? 100 - k : 1;
  };
  for (const auto& c : g.rows.first().columns)
    if (!has(taken, c.name) && is_time(c) && (!best || strength(c) > strength(*best))) best = &c;
  if (!best) return;
  g.order = best->name;
  g.order_why = place_in(time_names, plain(best->header)) >= 0 ? "by the column's name" : "its values look like times";
}

// ---- tables ----

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
  for (const auto* f : t.files) names.push_back(quoted(f->file));
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

}  // namespace

std::string Names::legal(const std::string& wanted, const std::string& otherwise) {
  std::string base;
  for (const char c : wanted) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (good) base += c;
    else if (!base.empty() && base.back() != '_') base += '_';
  }
  while (base.ends_with('_')) base.pop_back();
  if (base.empty()) base = otherwise;
  if (base[0] >= '0' && base[0] <= '9') base = "n" + base;
  auto name = base;
  for (int k = 2; has(taken_, name); ++k) name = base + "_" + std::to_string(k);
  taken_.push_back(name);
  return name;
}

std::string toml_text(const std::string& text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (c == '\t') out += "\\t";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (u < 32 || u == 127) out += "\\u00", out += hex[u >> 4], out += hex[u & 15];
    else out += c;
  }
  return out + "\"";
}

Guess guess(const std::vector<Sample>& samples) {
  Guess out;
  auto tables = tables_of(samples);
  const auto refs = references(tables);
  const auto event = rows_table(tables, refs);
  out.rows = tables[event];

  Names names({"rank", "learn", "features"});
  out.rows.name = names.legal(stem(out.rows.first().file), "rows");
  Names inside({"key", "row", "label"});
  Words taken;
  for (const auto& r : refs) {  // the strongest link decides which column is the other table's key
    if (r.from != event) continue;
    auto& table = tables[r.to];
    const auto strongest = std::max_element(refs.begin(), refs.end(), [&](const Reference& a, const Reference& b) {
      return std::make_pair(a.from == event && a.to == r.to, a.strength) <
             std::make_pair(b.from == event && b.to == r.to, b.strength);
    });
    if (r.key != strongest->key) continue;
    auto found =
        std::find_if(out.entities.begin(), out.entities.end(), [&](const auto& e) { return e.files == table.files; });
    if (found == out.entities.end()) {
      table.key = r.key->name;
      table.why = "every row has its own, and " + files_text(out.rows) + " names them";
      table.name = names.legal(stem(table.first().file), "entities");
      found = out.entities.insert(out.entities.end(), table);
    }
    taken.push_back(r.column->name);
    out.links.push_back({inside.legal(without_id(r.column->name), "link"), r.column->name, r.why,
                         static_cast<std::size_t>(found - out.entities.begin())});
  }
  for (const auto& t : tables)
    if (t.files != out.rows.files &&
        std::none_of(out.entities.begin(), out.entities.end(), [&](const auto& e) { return e.files == t.files; }))
      out.left_out.push_back(files_text(t) + ": no column of " + files_text(out.rows) + " names its rows" +
                             (t.first().named ? "" : "; its own have no names, give it a first line of them"));

  find_label(out, taken);
  if (!out.label.empty()) taken.push_back(out.label_column);
  find_order(out, taken);
  if (!out.order.empty()) taken.push_back(out.order);

  for (auto& e : out.entities) {
    Names fields({"key", "row"});
    e.fields.push_back({How::id, fields.legal("id", "id"), e.key, "", "the row itself"});
    for (const auto& c : e.first().columns)
      if (c.name != e.key) {
        e.fields.push_back(field_of(c, false));
        e.fields.back().name = fields.legal(c.name, "field");
      }
  }
  for (const auto& c : out.rows.first().columns) {
    if (has(taken, c.name)) continue;
    auto f = field_of(c, true);
    f.name = inside.legal(c.name, "field");
    const auto strength = label_strength(c);  // by its name: of another outcome
    if (is_time(c)) f.how = How::left_out, f.why = "looks like a time";
    else if (strength > 100 || strength == 80)
      f.how = How::left_out, f.why = "looks like another label, which could tell the answer";
    out.rows.fields.push_back(std::move(f));
  }
  out.split = split_of(out);
  return out;
}

}  // namespace braid::tools
