#include "recipe/document.h"

#include "recipe/words.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace braid::recipe {

namespace {

struct From {  // what all items of one file share
  const std::string& file;
  const std::string& folder;
  bool set = false;
};

Place place_of(const toml::source_region& region, const From& from) {
  if (from.set) return {from.file, 0, 0};
  return {from.file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

std::unique_ptr<Item> converted(const toml::node& node, const From& from) {
  auto item = std::make_unique<Item>();
  item->place = item->key_place = place_of(node.source(), from);
  item->folder = from.folder;
  item->from_set = from.set;
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      auto inner = converted(value, from);
      inner->key_place = place_of(key.source(), from);
      inner->key = key.str();
      item->items.push_back(std::move(inner));  // the keys of a parsed table differ: no search for each
    }
    // toml++ sorts keys by name; the order of writing is the order of the recipe.
    std::stable_sort(item->items.begin(), item->items.end(), [](const auto& a, const auto& b) {
      return std::pair(a->key_place.line, a->key_place.column) < std::pair(b->key_place.line, b->key_place.column);
    });
  } else if (const auto* array = node.as_array()) {
    item->kind = Item::Kind::array;
    for (const auto& value : *array) item->items.push_back(converted(value, from));
  } else if (const auto* text = node.as_string()) {
    item->kind = Item::Kind::text;
    item->text = text->get();
  } else if (const auto* whole = node.as_integer()) {
    item->kind = Item::Kind::whole;
    item->whole = whole->get();
    item->number = static_cast<double>(item->whole);
  } else if (const auto* number = node.as_floating_point()) {
    item->kind = Item::Kind::number;
    item->number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    item->kind = Item::Kind::boolean;
    item->boolean = boolean->get();
  } else {
    item->kind = Item::Kind::date;
  }
  return item;
}

std::string folder_of(const std::string& file) { return std::filesystem::path(file).parent_path().string(); }

// Tables merge by key, everything else is replaced whole; what `over` says wins.
void merge(Item& under, std::unique_ptr<Item> over) {
  if (under.items.empty()) {
    under.items = std::move(over->items);
    return;
  }
  for (auto& item : over->items) {
    auto* old = under.find(item->key);
    if (old && old->is(Item::Kind::table) && item->is(Item::Kind::table)) {
      old->key_place = item->key_place;
      old->place = item->place;
      merge(*old, std::move(item));
    } else {
      auto name = item->key;
      under.add(std::move(name), std::move(item));
    }
  }
}

}  // namespace

std::string joined_path(const std::string& folder, const std::string& path) {
  const std::filesystem::path p(path);
  if (p.is_absolute() || folder.empty()) return p.lexically_normal().string();
  return (std::filesystem::path(folder) / p).lexically_normal().string();
}

namespace {

// Calls visit(c, line, column) for every byte outside of strings and comments, line ends included, until it returns
// true.
template <class Visit>
void each_bare_byte(const std::string& toml, Visit&& visit) {
  int line = 1, column = 0;
  enum class In { nothing, comment, basic, literal, long_basic, long_literal } in = In::nothing;
  const auto three = [&](std::size_t k, char c) { return toml.compare(k, 3, std::string(3, c)) == 0; };
  std::size_t k = toml.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (; k < toml.size(); ++k) {
    const char c = toml[k];
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues) ++column;
    switch (in) {
      case In::nothing:
        if (visit(c, line, column)) return;
        if (c == '#') in = In::comment;
        else if (c == '"' || c == '\'') {
          const bool basic = c == '"';
          if (three(k, c)) in = basic ? In::long_basic : In::long_literal, k += 2, column += 2;
          else in = basic ? In::basic : In::literal;
        }
        break;
      case In::comment:
        break;
      case In::basic:
        if (c == '\\' && k + 1 < toml.size() && toml[k + 1] != '\n') ++k, ++column;
        else if (c == '"') in = In::nothing;
        break;
      case In::literal:
        if (c == '\'') in = In::nothing;
        break;
      case In::long_basic:
      case In::long_literal: {
        const char quote = in == In::long_basic ? '"' : '\'';
        if (c == '\\' && in == In::long_basic && k + 1 < toml.size() && toml[k + 1] != '\n') ++k, ++column;
        else if (three(k, quote)) {
          k += 2, column += 2;
          while (k + 1 < toml.size() && toml[k + 1] == quote) ++k, ++column;  // up to two quotes may end the text
          in = In::nothing;
        }
        break;
      }
    }
    if (c == '\n') {
      ++line, column = 0;
      if (in == In::comment || in == In::basic || in == In::literal) {
        in = In::nothing;
        if (visit(c, line, column)) return;
      }
    }
  }
}

// How deep the tables and lists nest that a text opens, from its bytes outside of strings.
class Depth {
 public:
  int after(char c) {
    switch (c) {
      case '\n':
        if (inside_.empty()) key_ = 0, line_start_ = true, heading_ = false;
        return deepest();
      case ' ':
      case '\t':
      case '\r':
        return deepest();
      case '[':
        if (line_start_ && inside_.empty()) {
          heading_ = true;
          header_ = key_ = 0;
          break;
        }
        if (heading_) break;  // the second bracket of [[table]]
        [[fallthrough]];
      case '{':
        inside_.push_back(key_);
        held_ += key_ + 1;
        key_ = 0;
        break;
      case ']':
        if (heading_) {
          header_ = std::max(header_, key_ + 1);
          key_ = 0;
          break;
        }
        [[fallthrough]];
      case '}':
        if (inside_.empty()) break;
        key_ = inside_.back();
        inside_.pop_back();
        held_ -= key_ + 1;
        break;
      case ',':
        key_ = 0;
        break;
      case '.':
        ++key_;
        break;
      default:
        break;
    }
    line_start_ = false;
    return deepest();
  }

 private:
  int deepest() const { return header_ + held_ + key_; }
  std::vector<int> inside_;  // per bracket that is open, the dots of the key in front of it
  int held_ = 0, key_ = 0, header_ = 0;
  bool line_start_ = true, heading_ = false;
};

}  // namespace

std::pair<int, int> first_stray_byte(const std::string& toml) {
  std::pair<int, int> at{0, 0};
  each_bare_byte(toml, [&](char c, int line, int column) {
    if (static_cast<unsigned char>(c) < 0x80) return false;
    return at = {line, column}, true;
  });
  return at;
}

std::pair<int, int> first_too_deep(const std::string& toml) {
  std::pair<int, int> at{0, 0};
  Depth depth;
  each_bare_byte(toml, [&](char c, int line, int column) {
    if (depth.after(c) < deepest_table) return false;
    return at = {line, column}, true;
  });
  return at;
}

std::unique_ptr<Item> Document::parse(const std::string& file, const std::string* text, const Place& asked,
                                      Report& report) {
  std::string content;
  if (text) {
    content = *text;
  } else {
    std::ifstream stream(file, std::ios::binary);
    std::error_code error;
    if (!stream || !std::filesystem::is_regular_file(file, error)) {
      report.error(asked, "missing-file", "no file " + quote(file) + " that can be read");
      return nullptr;
    }
    content.resize(
        std::min(longest_recipe + 1 - bytes_, static_cast<std::size_t>(std::filesystem::file_size(file, error))));
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(stream.gcount()));
  }
  bytes_ += content.size();
  if (bytes_ > longest_recipe) {
    report.error(asked, "too-large", "the recipe is longer than " + std::to_string(longest_recipe >> 20) + " MiB",
                 {"with " + quote(file) + " it has more; data belongs in files of its own"});
    return nullptr;
  }
  auto& lines = lines_[file];
  std::istringstream split(content);
  for (std::string line; std::getline(split, line);) lines.push_back(std::move(line));

  if (const auto [line, column] = first_stray_byte(content); line) {
    report.error({file, line, column}, "toml-syntax", "a character that is not ASCII stands outside of quotes",
                 {"put the name or value in quotes"});
    return nullptr;
  }
  if (const auto [line, column] = first_too_deep(content); line) {
    report.error({file, line, column}, "too-large",
                 "tables, lists and the parts of dotted keys nest " + std::to_string(deepest_table) + " deep at most",
                 {"the rest of the file was not checked"});
    return nullptr;
  }
  try {
    const auto table = toml::parse(content, file);
    return converted(table, {file, folder_of(file)});
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    report.error({file, static_cast<int>(at.line), static_cast<int>(at.column)}, "toml-syntax",
                 std::string(error.description()), {"the rest of the file was not checked"});
    return nullptr;
  }
}

std::unique_ptr<Item> Document::with_includes(std::unique_ptr<Item> item, const std::string& file, Report& report) {
  open_.push_back(file);
  auto merged = std::make_unique<Item>();
  if (auto* include = item->find("include")) {
    if (!include->is(Item::Kind::array))
      report.error(include->place, "wrong-type", "include is a list of files", {"write include = [\"tables.toml\"]"});
    for (const auto& entry : include->items) {
      if (!include->is(Item::Kind::array)) break;
      if (!entry->is(Item::Kind::text)) {
        report.error(entry->place, "wrong-type", "include lists files; this is " + std::string(name_of(entry->kind)));
        continue;
      }
      const auto path = joined_path(entry->folder, entry->text);
      if (path.find('\0') != std::string::npos) {
        report.error(entry->place, "missing-file", "no file can be called so: the name has a NUL byte");
        continue;
      }
      if (std::find(open_.begin(), open_.end(), path) != open_.end()) {
        report.error(entry->place, "include-cycle", quote(path) + " includes itself, by way of " + listed(open_));
        continue;
      }
      // A file is known by its path without links: through a link to its own folder it has endlessly many.
      std::error_code lost;
      const auto real = std::filesystem::weakly_canonical(path, lost).string();
      if (std::find_if(open_.begin(), open_.end(), [&](const auto& open) {
            std::error_code error;
            return !lost && std::filesystem::equivalent(open, path, error);
          }) != open_.end()) {
        report.error(entry->place, "include-cycle", quote(path) + " includes itself, by way of " + listed(open_));
        continue;
      }
      if (!read_.insert(lost ? path : real).second) continue;
      if (read_.size() > most_files) {
        report.error(entry->place, "too-large",
                     "a recipe consists of " + std::to_string(most_files) + " files at most");
        break;
      }
      auto inner = parse(path, nullptr, entry->place, report);
      if (!inner) continue;
      if (std::find(files_.begin(), files_.end(), path) == files_.end()) files_.push_back(path);
      merge(*merged, with_includes(std::move(inner), path, report));
    }
    auto& items = item->items;
    items.erase(std::find_if(items.begin(), items.end(), [&](const auto& i) { return i.get() == include; }));
  }
  merged->place = item->place;
  merged->key_place = item->key_place;
  merge(*merged, std::move(item));
  open_.pop_back();
  return merged;
}

bool Document::load(const std::string& file, const std::string* text, Report& report) {
  files_.push_back(file);
  auto item = parse(file, text, {file, 0, 0}, report);
  if (!item) return false;
  root_ = with_includes(std::move(item), std::filesystem::path(file).lexically_normal().string(), report);
  return true;
}

Place Document::inside(const Item& item, std::size_t offset) const {
  if (item.place.line == 0) return item.place;
  if (!item.written.empty()) offset = item.written[std::min(offset, item.written.size() - 1)];
  const auto lines = lines_.find(item.place.file);
  if (lines == lines_.end() || static_cast<std::size_t>(item.place.line) > lines->second.size()) return item.place;
  const auto& line = lines->second[static_cast<std::size_t>(item.place.line) - 1];
  // To the value's first byte: columns count characters.
  std::size_t at = 0;
  for (int column = 1; at < line.size() && column < item.place.column; ++column) do
      ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80);
  if (at >= line.size() || line.compare(at, 3, "\"\"\"") == 0 || line.compare(at, 3, "'''") == 0) return item.place;
  const bool basic = line[at] == '"';
  auto place = item.place;
  ++at, ++place.column;
  for (std::size_t done = 0; done < offset && at < line.size(); ++done) {
    std::size_t step = 1;
    if (basic && line[at] == '\\')
      step = at + 1 < line.size() && line[at + 1] == 'u' ? 6 : at + 1 < line.size() && line[at + 1] == 'U' ? 10 : 2;
    else if (at + 1 < line.size() && (static_cast<unsigned char>(line[at + 1]) & 0xC0) == 0x80)
      step = 1, --place.column;
    at += step;
    place.column += static_cast<int>(step);
  }
  return place;
}

// ---- --set ----

namespace {

// "a.'b c'.d" into its parts; empty when it is no path.
std::vector<std::string> path_parts(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < path.size()) {
    std::string part;
    if (path[at] == '\'' || path[at] == '"') {
      const auto end = path.find(path[at], at + 1);
      if (end == std::string::npos) return {};
      part = path.substr(at + 1, end - at - 1);
      at = end + 1;
    } else {
      const auto end = std::min(path.find('.', at), path.size());
      part = path.substr(at, end - at);
      at = end;
    }
    if (part.empty()) return {};
    parts.push_back(part);
    if (at < path.size() && path[at++] != '.') return {};
    if (at == path.size() && path.back() == '.') return {};
  }
  return parts;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

// A TOML value, or the text itself when it is no TOML value. nullptr: it was meant as one and is broken.
std::unique_ptr<Item> set_value(const std::string& text, const From& from) {
  const bool structured = !text.empty() && std::string_view("[{\"'").find(text[0]) != std::string_view::npos;
  if (text.find('\n') == std::string::npos && first_stray_byte(text).first == 0) {
    try {
      const auto table = toml::parse("x = " + text);
      const auto* value = table.get("x");
      const bool comment = !structured && text.find('#') != std::string::npos;
      if (table.size() == 1 && value && !comment) {
        auto item = converted(*value, from);
        if (item->kind != Item::Kind::date) return item;
      }
    } catch (const toml::parse_error&) {
      if (structured) return nullptr;
    }
  }
  auto item = std::make_unique<Item>();
  item->kind = Item::Kind::text;
  item->text = text;
  item->place = item->key_place = {from.file, 0, 0};
  item->from_set = true;
  return item;
}

}  // namespace

void Document::remember(const Item& old) {
  if (old.is(Item::Kind::text)) replaced_.push_back(old.text);
  for (const auto& item : old.items) remember(*item);
}

void Document::set(const std::string& assignment, Report& report) {
  const std::string file = "--set " + assignment;
  const Place place{file, 0, 0};
  const auto equals = assignment.find('=');
  const auto path =
      equals == std::string::npos ? std::vector<std::string>() : path_parts(trimmed(assignment.substr(0, equals)));
  if (path.size() > static_cast<std::size_t>(deepest_table))
    return report.error({"--set", 0, 0}, "too-large",
                        "a key of --set has " + std::to_string(deepest_table) + " parts at most; this one has " +
                            std::to_string(path.size()));
  if (path.empty())
    return report.error(place, "bad-set", "--set takes a.b.c=value", {"for example --set train.epochs=3"});
  const auto said = trimmed(assignment.substr(equals + 1));
  if ((bytes_ += assignment.size()) > longest_recipe || first_too_deep("x = " + said).first)
    return report.error({"--set " + assignment.substr(0, std::min<std::size_t>(equals, 80)), 0, 0}, "too-large",
                        "the value is longer than " + std::to_string(longest_recipe >> 20) +
                            " MiB or nests more than " + std::to_string(deepest_table) + " deep");
  auto value = set_value(said, {file, "", true});
  if (!value)
    return report.error(place, "bad-set", "the value is no TOML",
                        {"lists are written [\"a\", \"b\"]; the shell needs single quotes around the whole"});

  Item* at = root_.get();
  for (std::size_t k = 0; k < path.size(); ++k) {
    const bool last = k + 1 == path.size();
    if (at->is(Item::Kind::array)) {
      const bool digits = path[k].find_first_not_of("0123456789") == std::string::npos && path[k].size() < 6;
      const auto index = digits ? std::stoul(path[k]) : at->items.size();
      if (index >= at->items.size())
        return report.error(place, "bad-set",
                            quote(path[k]) + " is no element of a list of " + std::to_string(at->items.size()),
                            {"the list: " + text_of(at->place) + "; elements count from 0"});
      if (!last) {
        at = at->items[index].get();
        continue;
      }
      remember(*at->items[index]);
      value->instead = std::move(at->items[index]);
      at->items[index] = std::move(value);
      return;
    }
    if (!at->is(Item::Kind::table))
      return report.error(place, "bad-set",
                          quote(path[k - 1]) + " is " + std::string(name_of(at->kind)) + " and has no keys",
                          {"it stands at " + text_of(at->place)});
    auto* next = at->find(path[k]);
    if (last) {
      if (next) remember(*next);
      at->add(path[k], std::move(value));
      return;
    }
    if (!next) {
      auto table = std::make_unique<Item>();
      table->place = table->key_place = place;
      table->from_set = true;
      next = &at->add(path[k], std::move(table));
    }
    at = next;
  }
}

void Document::apply(const std::vector<std::string>& sets, Report& report) {
  for (const auto& one : sets) set(one, report);
}

// ---- ${vars} ----

void Document::fill_in(Item& item, Report& report) {
  for (const auto& inner : item.items) fill_in(*inner, report);
  if (!item.is(Item::Kind::text) || item.text.find("${") == std::string::npos) return;
  std::string out;
  std::vector<std::uint32_t> written;
  for (std::size_t at = 0; at < item.text.size();) {
    const auto from = static_cast<std::uint32_t>(at);
    if (item.text.compare(at, 2, "${") != 0) {
      out += item.text[at++];
      written.push_back(from);
      continue;
    }
    const auto end = item.text.find('}', at);
    if (end == std::string::npos) {
      report.error(inside(item, at), "unknown-var", "'${' has no closing '}'");
      return;
    }
    const auto name = item.text.substr(at + 2, end - at - 2);
    auto* var = vars_ ? vars_->find(name) : nullptr;
    if (!var) {
      std::vector<std::string> notes, names;
      if (vars_)
        for (const auto& v : vars_->items) names.push_back(v->key);
      note_choices(notes, name, names);
      notes.push_back("give it in [vars] or by --set vars." + name + "=VALUE");
      report.error(inside(item, at), "unknown-var", "no variable " + quote(name), notes);
      return;
    }
    std::string value;
    if (var->is(Item::Kind::text)) value = var->text;
    else if (var->is(Item::Kind::whole)) value = std::to_string(var->whole);
    else if (var->is(Item::Kind::number)) value = number_text(var->number);
    else if (var->is(Item::Kind::boolean)) value = var->boolean ? "true" : "false";
    if (std::find(item.vars.begin(), item.vars.end(), name) == item.vars.end()) item.vars.push_back(name);
    if (at == 0) item.folder = var->folder;  // a path that starts with it is relative to where it was said
    if ((bytes_ += value.size()) > longest_recipe) {
      report.error(
          inside(item, at), "too-large",
          "with its variables filled in the recipe is longer than " + std::to_string(longest_recipe >> 20) + " MiB");
      return;
    }
    out += value;
    written.insert(written.end(), value.size(), from);
    at = end + 1;
  }
  written.push_back(static_cast<std::uint32_t>(item.text.size()));
  item.text = std::move(out);
  item.written = std::move(written);
}

void Document::fill_in(Report& report) {
  const auto* vars = root_->find("vars");
  if (vars && !vars->is(Item::Kind::table)) {
    report.error(vars->place, "wrong-type",
                 "[vars] is a table of names and values, not " + std::string(name_of(vars->kind)));
    vars = nullptr;
  }
  vars_ = vars;
  if (vars) {
    for (const auto& var : vars->items) {
      if (var->is(Item::Kind::table) || var->is(Item::Kind::array) || var->is(Item::Kind::date))
        report.error(var->place, "wrong-type",
                     "a variable is text, a number or true or false, not " + std::string(name_of(var->kind)));
      else if (var->is(Item::Kind::text) && var->text.find("${") != std::string::npos)
        report.error(var->place, "unknown-var", "a variable does not use other variables");
    }
  }
  for (const auto& item : root_->items)
    if (item->key != "vars") fill_in(*item, report);
}

}  // namespace braid::recipe
