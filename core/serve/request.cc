#include "serve/request.h"

#include "data/hash.h"
#include "recipe/document/words.h"
#include "serve/request_media.h"
#include "serve/side.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace braid::serve {
namespace {

constexpr std::size_t most_decoded = 256 << 20;  // bytes of one request

std::string inside(const std::string& place, const std::string& name) {
  return place.empty() ? name : place + "." + name;
}
std::string inside(const std::string& place, std::size_t index) { return place + "[" + std::to_string(index) + "]"; }

const std::string& column_of(const recipe::LinkPlan& link) { return link.column.empty() ? link.name : link.column; }

bool holds(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}
void add(std::vector<std::string>& all, const std::string& one) {
  if (!holds(all, one)) all.push_back(one);
}

}  // namespace

// One line on its way.
class RequestReader::Reading {
 public:
  Reading(const RequestReader& reader, Request& out) : r_(reader), out_(out) {}

  void run(const Value& root) {
    if (root.kind != Value::Kind::object)
      throw RequestError{std::string("a request is an object, not ") + root.word(), ""};
    if (const auto* id = root.find("id")) out_.id = dump(*id);
    const auto rows = *r_.plan_.train.rows;
    const auto& table = r_.plan_.tables[rows];
    for (const auto& name : root.names)
      if (!holds(r_.names_, name)) unknown_name(name, r_.names_, "a request of this model", name);
    out_.inlined.resize(r_.plan_.tables.size());
    links(root, table);
    out_.lists.resize(table.lists.size());
    for (const auto l : table.lists.ids())
      if (const auto* list = root.find(table.lists[l].name)) read_list(*list, table, l);
    cells(root, rows, table);
  }

 private:
  struct Texts {
    std::map<std::string, std::string> columns;  // those that are there
    std::map<std::string, Bytes> media;
    std::map<std::string, std::string> places;
  };

  void links(const Value& root, const recipe::TablePlan& table) {
    const auto count = table.links.size();
    out_.links.assign(count, 0);
    out_.link_texts.resize(count);
    out_.link_keyed.assign(count, false);
    const auto* many = r_.candidates_ ? root.find("candidates") : nullptr;
    for (const auto l : table.links.ids()) {
      const auto& link = table.links[l];
      const auto* given = root.find(link.name);
      const bool candidate = r_.candidates_ == l;
      if (candidate && many) {
        if (given) throw RequestError{"'candidates' and '" + link.name + "' name the same; say one of them", link.name};
        read_candidates(*many, link);
        continue;
      }
      if (!given) {
        if (!r_.known_.reads_link(l)) continue;
        throw RequestError{
            candidate ? "it names no candidates" : "it does not name '" + link.name + "'; null stands for nobody known",
            candidate ? "candidates" : link.name};
      }
      std::string text;
      bool keyed = false, lost = false;
      out_.links[l] = entity(*given, link.table, link.name, text, keyed, lost);
      if (lost) add_unknown(link.name, json_text(text));
      out_.link_texts[l] = std::move(text);
      out_.link_keyed[l] = keyed;
    }
  }

  void read_candidates(const Value& many, const recipe::LinkPlan& link) {
    if (many.kind != Value::Kind::array)
      throw RequestError{std::string("candidates are a list, not ") + many.word(), "candidates"};
    if (shared_column(link))
      throw RequestError{"a field of the rows reads the column '" + column_of(link) + "': this model takes one '" +
                             link.name + "' a request",
                         "candidates"};
    out_.many = true;
    std::string lost_ones;
    for (std::size_t k = 0; k < many.items.size(); ++k) {
      std::string text;
      bool keyed = false, lost = false;
      out_.candidates.push_back(entity(many.items[k], link.table, inside("candidates", k), text, keyed, lost));
      out_.candidate_texts.push_back(std::move(text));
      out_.candidate_keyed.push_back(keyed);
      if (lost) lost_ones += (lost_ones.empty() ? "" : ",") + std::to_string(k);
    }
    if (!lost_ones.empty()) add_unknown("candidates", "[" + lost_ones + "]");
  }

  bool shared_column(const recipe::LinkPlan& link) const {
    const auto rows = *r_.plan_.train.rows;
    const auto& table = r_.plan_.tables[rows];
    for (const auto f : table.fields.ids())
      if (r_.fields_[rows][f].inline_cells && holds(columns_of(table.fields[f]), column_of(link))) return true;
    return false;
  }

  void read_list(const Value& given, const recipe::TablePlan& table, recipe::ListId number) {
    const auto& list = table.lists[number];
    if (given.kind != Value::Kind::array)
      throw RequestError{std::string("a list was asked for, not ") + given.word(), list.name};
    if (!r_.known_.reads_list(number)) return;
    const auto length = static_cast<std::size_t>(std::max<std::int64_t>(0, table.places(number).value_or(0)));
    const auto first = length && given.items.size() > length ? given.items.size() - length : 0;
    std::string lost_ones;
    for (auto k = first; k < given.items.size(); ++k) {
      std::string text;
      bool keyed = false, lost = false;
      out_.lists[number].push_back(entity(given.items[k], list.table, inside(list.name, k), text, keyed, lost));
      if (lost) lost_ones += (lost_ones.empty() ? "" : ",") + std::to_string(k);
    }
    if (!lost_ones.empty()) add_unknown(list.name, "[" + lost_ones + "]");
  }

  // A key, null or an object. `text`: the key as text, `keyed` whether there is one, `lost` when no row has it.
  Reference entity(const Value& value, recipe::TableId table, const std::string& place, std::string& text, bool& keyed,
                   bool& lost) {
    switch (value.kind) {
      case Value::Kind::null:
        return 0;
      case Value::Kind::number:
      case Value::Kind::text: {
        text = value.text;
        keyed = true;
        const auto row = r_.known_.row_of(table, text);
        lost = row == 0;
        return row;
      }
      case Value::Kind::object:
        return inline_entity(value, table, place, text, keyed);
      default:
        throw RequestError{
            "an entity of '" + r_.plan_.tables[table].name + "' is a key or an object, not " + value.word(), place};
    }
  }

  Reference inline_entity(const Value& value, recipe::TableId table, const std::string& place, std::string& text,
                          bool& keyed) {
    const auto& plan = r_.plan_.tables[table];
    if (!r_.closed_[table].empty()) throw RequestError{r_.closed_[table], place};
    const auto& words = r_.words_[table];
    for (const auto& name : value.names)
      if (!holds(words.all, name))
        unknown_name(name, words.all, "table '" + plan.name + "' of this model", inside(place, name));
    Texts texts;
    read_texts(value, place, words, plan, texts);
    InlineGiven given;
    if (const auto key = texts.columns.find(plan.key); key != texts.columns.end()) {
      text = key->second;
      keyed = true;
      given.key = data::key_of(text);
    }
    given.cells = decode(texts, table, place);
    auto& all = out_.inlined[table];
    all.push_back(std::move(given));
    return -static_cast<Reference>(all.size());
  }

  // Columns of the driving table's own fields.
  void cells(const Value& root, recipe::TableId rows, const recipe::TablePlan& table) {
    Texts texts;
    read_texts(root, "", r_.words_[rows], table, texts);
    for (const auto l : table.links.ids())  // a column that is a link's has the link's text
      if (out_.link_keyed[l] && !texts.columns.count(column_of(table.links[l])))
        texts.columns[column_of(table.links[l])] = out_.link_texts[l];
    out_.cells = decode(texts, rows, "");
  }

  void read_texts(const Value& object, const std::string& place, const Words& words, const recipe::TablePlan& table,
                  Texts& out) const {
    for (std::size_t k = 0; k < object.names.size(); ++k) {
      const auto& name = object.names[k];
      const auto& value = object.items[k];
      const auto here = inside(place, name);
      const bool column = holds(words.columns, name), media = holds(words.media, name);
      if (!column && !media) continue;
      out.places[name] = here;
      if (value.kind == Value::Kind::null) continue;
      if (media && (value.kind == Value::Kind::object || !column)) {
        out.media[name] = file_of(value, r_.files_, here);
      } else if (value.kind == Value::Kind::text || value.kind == Value::Kind::number) {
        if (!holds(table.missing, value.text)) out.columns[name] = value.text;
      } else {
        throw RequestError{"column '" + name + "' is a text, a number or null, not " + value.word(), here};
      }
    }
  }

  recipe::Indexed<recipe::FieldId, data::Decoded> decode(const Texts& texts, recipe::TableId table,
                                                         const std::string& place) {
    const auto& plan = r_.plan_.tables[table];
    const auto& fields = r_.fields_[table];
    recipe::Indexed<recipe::FieldId, data::Decoded> out(plan.fields.size());
    for (const auto f : out.ids()) {
      if (!fields[f].inline_cells) continue;
      const auto& field = plan.fields[f];
      std::vector<std::string_view> views;
      std::string said = place;
      for (const auto& column : columns_of(field)) {
        const auto found = texts.columns.find(column);
        const bool there = found != texts.columns.end() && !holds(field.missing, found->second);
        views.push_back(there ? std::string_view(found->second) : std::string_view());
        if (const auto p = texts.places.find(column); there && p != texts.places.end()) said = p->second;
      }
      Cell cell;
      cell.texts = views;
      if (const auto file = texts.media.find(field.name); file != texts.media.end()) {
        cell.bytes = std::span<const std::byte>(file->second);
        said = texts.places.at(field.name);
      }
      try {
        out[f].present = fields[f].component->decode(cell, out[f].bytes);
      } catch (const std::exception& e) {
        throw RequestError{e.what(), said};
      }
      if (!out[f].present) out[f].bytes.clear();
      if (!cell.missing() && r_.names_values_[table][f] && has_unknown(*fields[f].component, out[f].bytes))
        add_unknown(said, values_text(views));
      if ((out_.decoded += out[f].bytes.size()) > most_decoded)
        throw RequestError{"what comes inline takes more than " + std::to_string(most_decoded >> 20) +
                               " MiB once it is decoded; ask for fewer candidates at once",
                           said};
    }
    return out;
  }

  // Whether a value of the cell is none that the field has learnt: its id is 0.
  static bool has_unknown(const Field& field, const Bytes& decoded) {
    std::vector<std::int64_t> ids(std::max<std::size_t>(1, field.places(decoded)));
    field.place(decoded, {reinterpret_cast<std::byte*>(ids.data()), ids.size()}, {});
    return !decoded.empty() && std::find(ids.begin(), ids.end(), 0) != ids.end();
  }
  static std::string values_text(const std::vector<std::string_view>& texts) {
    if (texts.size() == 1) return json_text(texts[0]);
    std::string out;
    for (const auto text : texts) out += (out.empty() ? "" : ",") + (text.data() ? json_text(text) : "null");
    return "[" + out + "]";
  }

  [[noreturn]] static void unknown_name(const std::string& name, const std::vector<std::string>& known,
                                        const std::string& where, const std::string& place) {
    const auto near = recipe::nearest(name, known);
    std::string all;
    for (const auto& one : known) all += (all.empty() ? "" : ", ") + one;
    throw RequestError{
        where + " has no " + json_text(name) + "; " + (near ? "did you mean '" + *near + "'?" : "there is " + all),
        place};
  }

  void add_unknown(const std::string& name, const std::string& json) {
    if (!told_.insert(name).second) return;  // two fields may read one column
    out_.unknown += (out_.unknown.empty() ? "" : ",") + json_text(name) + ":" + json;
  }

  const RequestReader& r_;
  Request& out_;
  std::set<std::string> told_;  // names in `unknown`
};

RequestReader::Words RequestReader::words_of(const recipe::TablePlan& table, const TableFields& fields) {
  Words out;
  for (const auto f : table.fields.ids()) {
    if (!fields[f].inline_cells) continue;
    for (const auto& column : columns_of(table.fields[f])) add(out.columns, column);
    if (!table.fields[f].media.empty()) add(out.media, table.fields[f].name);
  }
  return out;
}

RequestReader::RequestReader(const recipe::Plan& plan, std::optional<recipe::LinkId> candidates,
                             const data::RequestBatcher& known, const Fields& fields, Closed closed,
                             const std::string& files)
    : plan_(plan), candidates_(candidates), known_(known), fields_(fields), closed_(std::move(closed)) {
  if (!files.empty()) {
    std::error_code failed;
    files_ = std::filesystem::canonical(files, failed).string();
    if (failed || !std::filesystem::is_directory(files_))
      throw Error("command-line", "--files", "there is no folder '" + files + "'");
  }
  for (const auto t : plan.tables.ids()) {
    const auto& table = plan.tables[t];
    auto& names_values = names_values_.emplace_back();
    for (const auto f : table.fields.ids()) {
      const auto texts = fields[t][f].inline_cells ? fields[t][f].component->id_texts() : std::vector<std::string>();
      names_values.push_back(!texts.empty() && texts[0].empty());
    }
    auto words = words_of(table, fields[t]);
    if (t != *plan.train.rows && !table.key.empty()) add(words.columns, table.key);
    words.all = words.columns;
    for (const auto& name : words.media) add(words.all, name);
    words_.push_back(std::move(words));
  }
  const auto& rows = plan.driving();
  names_.push_back("id");
  if (candidates) names_.push_back("candidates");
  for (const auto& link : rows.links) add(names_, link.name);
  for (const auto& list : rows.lists) add(names_, list.name);
  // A link's name says its entity; as a column it has the link's key.
  auto& own = words_[*plan.train.rows];
  std::erase_if(own.columns, [&](const std::string& name) { return holds(names_, name); });
  std::erase_if(own.media, [&](const std::string& name) { return holds(names_, name); });
  for (const auto& name : own.columns) add(names_, name);
  for (const auto& name : own.media) add(names_, name);
}

Request RequestReader::read(std::string_view text, std::int64_t line) const {
  Request out;
  out.line = line;
  try {
    std::string why;
    const auto root = parse_json(text, why);
    if (!root) throw RequestError{std::move(why), ""};
    Reading(*this, out).run(*root);
  } catch (const RequestError& wrong) {
    Request bad;
    bad.line = line;
    bad.id = std::move(out.id);
    bad.what = wrong.what.empty() ? "it cannot be read" : wrong.what;
    bad.at = wrong.at;
    return bad;
  }
  return out;
}

}  // namespace braid::serve
