#include "recipe/document/document.h"

#include "recipe/document/toml_items.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace braid::recipe {

namespace {

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
      Notes notes;
      std::vector<std::string> names;
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
