// --set a.b.c=value.
#include "recipe/document/document.h"
#include "recipe/document/toml_items.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

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

}  // namespace braid::recipe
