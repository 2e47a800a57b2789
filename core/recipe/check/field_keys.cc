// [tables.X.fields]: columns and media files to tensors.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace braid::recipe {

std::string media_root(const std::string& text) {
  const auto brace = text.find('{');
  auto end = text.find(':');
  if (end == std::string::npos || (brace != std::string::npos && end > brace)) {
    if (brace == std::string::npos) return text;
    end = text.rfind('/', brace);
  }
  const auto root = end == std::string::npos ? std::string() : text.substr(0, end);
  return root.empty() ? "." : root;
}

namespace {

constexpr std::size_t most_fields = 10'000;  // of one table

// "C{1..26}" to C1, C2, ... C26; any other text to itself.
std::vector<std::string> expanded_names(Checker& c, const Item& item) {
  const auto open = item.text.find('{'), dots = item.text.find(".."), close = item.text.find('}');
  if (open == std::string::npos) return {item.text};
  const auto number = [&](std::size_t from, std::size_t to) {
    const auto digits = item.text.substr(from, to - from);
    return digits.empty() || digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string::npos
               ? -1
               : std::stoi(digits);
  };
  const int from = dots != std::string::npos && dots > open ? number(open + 1, dots) : -1;
  const int to = from >= 0 && close != std::string::npos && close > dots ? number(dots + 2, close) : -1;
  if (from < 0 || to < from) {
    c.error(item.place, "bad-name", "names are a pattern with one range: \"C{1..26}\"");
    return {};
  }
  if (static_cast<std::size_t>(to - from) >= most_fields) {
    c.error(item.place, "too-large",
            "a table has " + std::to_string(most_fields) + " fields at most; these names are " +
                std::to_string(to - from + 1));
    return {};
  }
  std::vector<std::string> out;
  for (int k = from; k <= to; ++k)
    out.push_back(item.text.substr(0, open) + std::to_string(k) + item.text.substr(close + 1));
  return out;
}

// "archive.tar.gz:{item}.jpg" or "folder/{item}.jpg": the file or folder in front is looked for, placeholders are
// columns.
void read_media(Checker& c, TableId table, Item& item, std::string& out) {
  const auto& text = item.text;
  const auto brace = text.find('{');
  auto split = text.find(':');
  if (split != std::string::npos && brace != std::string::npos && split > brace) split = std::string::npos;
  for (std::size_t at = brace; at != std::string::npos; at = text.find('{', at + 1)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) {
      c.error(c.document.inside(item, at), "bad-media", "'{' has no closing '}'");
      return;
    }
    need_column(c, table, text.substr(at + 1, end - at - 1), c.document.inside(item, at + 1));
  }
  if (brace == std::string::npos)
    c.error(item.place, "bad-media", "every row would get the same file: no column stands in { }",
            {"write \"posters.tar.gz:{item}.jpg\" or \"posters/{item}.jpg\""});
  const auto path = joined_path(item.folder, media_root(text));
  if (c.absent(path))
    c.error(item.place, "missing-file",
            "no " + std::string(split != std::string::npos ? "archive " : "folder ") + quote(path));
  item.text = out = joined_path(item.folder, text);
  item.folder.clear();
  item.written.clear();
}

void add_field(Checker& c, TableId table, const std::string& name, Item& item, const Use& use, bool several) {
  auto& plan = c.plan.tables[table];
  FieldPlan field;
  field.name = name;
  field.use = use;
  field.place = item.key_place;
  if (const auto* media = item.find("media"); media && media->is(Item::Kind::text)) field.media = media->text;
  if (const auto* missing = item.find("missing")) {
    if (missing->is(Item::Kind::text)) field.missing = {missing->text};
    for (const auto& one : missing->items)
      if (one->is(Item::Kind::text)) field.missing.push_back(one->text);
  }
  const auto* from = item.find("from");
  if (from && !several) {
    std::vector<const Item*> columns;
    if (from->is(Item::Kind::array))
      for (const auto& one : from->items) columns.push_back(one.get());
    else columns.push_back(from);
    for (const auto* column : columns) {
      if (!column->is(Item::Kind::text)) continue;
      need_column(c, table, column->text, column->place);
      field.from.push_back(column->text);
    }
  } else if (field.media.empty()) {
    need_column(c, table, name, item.key_place);
    field.from = {name};
  }
  plan.fields.push_back(std::move(field));
}

void read_field(Checker& c, TableId table, Item& item) {
  auto& plan = c.plan.tables[table];
  const auto broken = [&] { c.broken_names.insert({table, item.key}); };
  good_name(c, item, "a field");
  if (!demand(c.report, item, Item::Kind::table, "field " + quote(item.key))) return broken();
  Keys keys(c.report, item, "field " + quote(item.key), &section("field"));
  const auto* use =
      keys.required("use", Item::Kind::text, "name the component: " + item.key + " = { use = \"vocabulary\" }");
  const auto found = use ? c.cards.find(*use, {Kind::field}, c.report) : Found{};
  if (!found) return broken();
  if (item.find("from")) keys.texts("from");
  else keys.find("from");
  keys.texts("missing");
  std::string media;
  if (auto* files = keys.find("media", Item::Kind::text)) {
    if (found.schema->media) read_media(c, table, *files, media);
    else
      c.error(files->key_place, "wrong-kind", quote(found.schema->name) + " reads cells, not files",
              {"leave 'media' out, or use a field that reads files"});
  } else if (found.schema->media && !item.find("media")) {
    c.error(item.key_place, "missing-key",
            quote(found.schema->name) + " reads files: field " + quote(item.key) + " needs 'media'",
            {"write media = \"posters.tar.gz:{item}.jpg\" or \"posters/{item}.jpg\""});
  }
  const auto* names = keys.find("names", Item::Kind::text);
  if (!item.find("from") && !item.find("media") && !item.find("names")) keys.fill("from", item.key);
  const auto before = c.report.doubts();
  const auto value = read_use(keys, found, [&](const std::string& path) { return c.absent(path); });
  keys.finish();
  const bool good = c.report.doubts() == before;
  if (names) {
    for (const auto& name : expanded_names(c, *names)) add_field(c, table, name, item, value, true);
    return;
  }
  add_field(c, table, item.key, item, value, false);
  if (!good) c.doubtful_fields.insert({table, FieldId{plan.fields.size() - 1}});
}

}  // namespace

void read_fields(Checker& c, TableId table, Keys& keys) {
  auto* fields = keys.find("fields", Item::Kind::table);
  if (!fields) return;
  for (const auto& item : fields->items) {
    item->used = true;
    if (c.plan.tables[table].fields.size() > most_fields) continue;  // said below
    read_field(c, table, *item);
  }
  auto& plan = c.plan.tables[table];
  if (plan.fields.size() > most_fields)
    c.error(fields->key_place, "too-large",
            "a table has " + std::to_string(most_fields) + " fields at most; " + quote(plan.name) + " has more");
  std::map<std::string_view, const FieldPlan*> named;
  for (const auto& field : plan.fields)
    if (const auto [first, fresh] = named.try_emplace(field.name, &field); !fresh)
      c.error(field.place, "name-clash", "two fields of " + quote(plan.name) + " are called " + quote(field.name),
              {"the other: " + text_of(first->second->place)});
}

}  // namespace braid::recipe
