// [tables]: files, readers, columns, keys, joins, links.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <filesystem>

namespace braid::recipe {

std::optional<TableId> Checker::target(const TableLink& link) const {
  return broken_links.contains(link) ? std::nullopt : std::optional(plan[link].table);
}

std::optional<TableId> Checker::target(const Way& way) const {
  const auto* link = std::get_if<TableLink>(&way);
  return link ? target(*link) : plan.target(way);
}

std::optional<Way> Checker::way(TableId table, const std::string& name) const {
  if (const auto link = plan.tables[table].links.find(name)) return TableLink{table, *link};
  if (const auto list = plan.tables[table].lists.find(name)) return TableList{table, *list};
  return std::nullopt;
}

const Place& Checker::place_of(const Way& way) const {
  return std::visit([&](const auto& one) -> const Place& { return plan[one].place; }, way);
}

std::vector<std::string> Checker::table_names() const {
  std::vector<std::string> out;
  for (const auto& table : plan.tables) out.push_back(table.name);
  return out;
}

Item* Checker::section(const std::string& name) {
  auto* item = document.root().find(name);
  if (item) item->used = true;
  return item && demand(report, *item, Item::Kind::table, "[" + name + "]") ? item : nullptr;
}

bool good_name(Checker& c, const Item& item, const std::string& what) {
  const auto& name = item.key;
  bool good = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && name[0] != '-';
  for (const char ch : name)
    good = good &&
           ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-');
  if (!good)
    c.error(item.key_place, "bad-name", quote(name) + " is no name for " + what,
            {"names have letters, digits, '_' and '-', and start with a letter or '_'"});
  return good;
}

namespace {

// One path, or all files that a '*' in its last part describes.
std::vector<std::string> expanded(Checker& c, Item& item) {
  const auto path = joined_path(item.folder, item.text);
  item.folder.clear();
  item.written.clear();
  item.text = path;
  const auto name = std::filesystem::path(path).filename().string();
  if (name.find('*') == std::string::npos) {
    if (c.absent(path)) {
      c.error(item.place, "missing-file", "no file " + quote(path));
      return {};
    }
    return {path};
  }
  if (!c.files) return {path};
  std::vector<std::string> out;
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder.empty() ? std::filesystem::path(".") : folder, error), end;
       !error && it != end; it.increment(error))
    if (glob_matches(name, it->path().filename().string())) out.push_back((folder / it->path().filename()).string());
  std::sort(out.begin(), out.end());
  if (out.empty()) c.error(item.place, "missing-file", "no file is like " + quote(path));
  return out;
}

struct Files {
  std::vector<Item*> items;  // per path, who said it
  std::vector<std::string> paths;
  bool good = true;
};

Files read_files(Checker& c, Keys& keys, bool several) {
  Files out;
  std::vector<Item*> items;
  if (several && keys.table().find("files")) {
    keys.texts("files", &items);
    keys.refuse("file", "wrong-type", "a table has 'file' or 'files', not both");
  } else if (several && !keys.table().find("file")) {
    keys.find("files");
    keys.required("file", Item::Kind::text, "give the file that holds its rows: file = \"items.tsv.gz\"");
  } else if (auto* file = keys.required("file", Item::Kind::text, "give the file that holds the columns")) {
    items.push_back(file);
  }
  for (auto* item : items) {
    const auto paths = expanded(c, *item);
    out.good = out.good && !paths.empty();
    for (const auto& path : paths) out.items.push_back(item), out.paths.push_back(path);
  }
  out.good = out.good && !out.paths.empty();
  return out;
}

void read_join(Checker& c, TableId table, Item& item) {
  auto& plan = c.plan.tables[table];
  if (!demand(c.report, item, Item::Kind::table, "a join")) return;
  Keys keys(c.report, item, "join of [tables." + plan.name + "]", &section("join"));
  TablePlan::Join join;
  join.place = item.place;
  const auto files = read_files(c, keys, false);
  const auto* key = keys.find("key", Item::Kind::text);
  join.key = key ? key->text : plan.key;
  Item* said = files.items.empty() ? item.find("file") : files.items[0];
  if (!said || !said->is(Item::Kind::text)) return keys.finish();
  const auto reader = read_reader(c, keys, *said);
  if (!reader) return keys.accept_all();
  keys.finish();
  join.reader = *reader;
  if (!files.good) {
    c.columns[table].known = false;
    return;
  }
  join.file = files.paths[0];
  auto& columns = c.columns[table];
  const auto joined = read_columns(c, files.items, files.paths, *reader);
  if (joined.known && !joined.has(join.key)) {
    Notes notes;
    note_nearest(notes, join.key, joined.names);
    notes.push_back("columns: " + listed(joined.names));
    c.error(key ? key->place : item.place, "unknown-column", "no column " + quote(join.key) + " in " + joined.file,
            notes);
  }
  if (!joined.known) columns.known = false;
  for (const auto& name : joined.names)
    if (!columns.has(name)) columns.names.push_back(name);  // of two columns with one name, the table's own counts
  plan.joins.push_back(std::move(join));
}

// An entity table that is made of an event table's column. That table's columns may not be known yet.
void read_from(Checker& c, TableId table, Keys& keys, const Item& from, const Item* key) {
  auto& plan = c.plan.tables[table];
  for (const char* name : {"file", "files", "reader"})
    keys.refuse(name, "wrong-type", "a table has " + quote(name) + " or 'from', not both");
  const auto other = c.table(from.text);
  if (!other) {
    Notes notes;
    note_choices(notes, from.text, c.table_names());
    return c.error(from.place, "unknown-table", "no table " + quote(from.text), notes);
  }
  if (!key)
    return c.error(from.place, "missing-key",
                   quote(plan.name) + " is made of a column of " + quote(from.text) + ": say which",
                   {"for example key = \"item\""});
  const auto* said = c.document.root().find("tables")->find(from.text);
  if (*other == table || (said && said->is(Item::Kind::table) && said->find("key")))
    return c.error(from.place, "event-only", quote(from.text) + " has a key and is an entity table",
                   {"'from' names an event table"});
  plan.from = *other;
}

// Files, reader, key and columns: what needs no other table.
void read_ground(Checker& c, TableId table, Keys& keys) {
  auto& plan = c.plan.tables[table];
  auto& columns = c.columns[table];
  keys.later({"group"});
  const auto* from = keys.find("from", Item::Kind::text);
  const auto* key = keys.find("key", Item::Kind::text);
  if (key) plan.key = key->text;
  if (from) read_from(c, table, keys, *from, key);
  const auto files = from || c.plan.serving ? Files{{}, {}, false} : read_files(c, keys, true);
  Item* said = files.items.empty() ? keys.table().find("file") : files.items[0];
  if (said && said->is(Item::Kind::text)) {
    if (auto reader = read_reader(c, keys, *said)) {
      plan.reader = std::move(*reader);
      if (files.good) columns = read_columns(c, files.items, files.paths, plan.reader);
    }
  }
  plan.files = files.paths;
  if (auto* join = keys.find("join")) {
    if (plan.event())
      c.error(join->key_place, "entity-only",
              "'join' adds columns to entity tables; " + quote(plan.name) + " has no key",
              {"give key = \"COLUMN\" when each row is one entity"});
    else if (join->is(Item::Kind::array))
      for (const auto& one : join->items) read_join(c, table, *one);
    else read_join(c, table, *join);
  }
  if (key && !from) need_column(c, table, plan.key, key->place);
  if (auto* fit = keys.table().find("fit"); fit && plan.event())
    c.error(fit->key_place, "entity-only", "'fit' belongs to entity tables; " + quote(plan.name) + " has no key",
            {"say it in the tables that its links point to"});
  if (!plan.event()) plan.fit_all = keys.choice("fit") == "all";
  else keys.find("fit");
  if (keys.table().find("missing")) plan.missing = keys.texts("missing");
  else keys.fill("missing", plan.missing);
  if (keys.choice("bad_rows") == "skip") plan.bad_rows = TablePlan::BadRows::skip;
}

// The key's column, with those that joins added; all event tables' columns are known now.
void add_from(Checker& c, TableId table) {
  const auto& plan = c.plan.tables[table];
  if (!plan.from) return;
  const auto& item = *c.document.root().find("tables")->find(plan.name);
  need_column(c, *plan.from, plan.key, item.find("key")->place);
  auto& columns = c.columns[table];
  columns.known = c.columns[*plan.from].known;
  columns.names.insert(columns.names.begin(), plan.key);
  columns.file = quote(plan.name);
}

void read_links(Checker& c, TableId table, Keys& keys) {
  auto& plan = c.plan.tables[table];
  auto* links = keys.find("links", Item::Kind::table);
  if (!links) return;
  if (!plan.event()) {
    c.error(links->key_place, "event-only",
            "links stand in event tables; " + quote(plan.name) + " has a key and is an entity table",
            {"leave 'key' out when a row is an event"});
    return;
  }
  for (const auto& item : links->items) {
    // Where its table is not known, which is reported, any number stands in its place: the plan is not used.
    LinkPlan link{item->key, table, item->key, item->key_place};
    bool good = false;
    good_name(c, *item, "a link");
    Item* target = item.get();
    if (item->is(Item::Kind::table)) {
      Keys inner(c.report, *item, "link " + quote(item->key), &section("link"));
      target = inner.required("table", Item::Kind::text,
                              "a link is { table = \"users\", column = \"uid\" } or the table's name");
      if (const auto* column = inner.find("column", Item::Kind::text)) link.column = column->text;
      else if (!item->find("column")) inner.fill("column", link.column);
      inner.finish();
    } else if (!demand(c.report, *item, Item::Kind::text, "link " + quote(item->key))) {
      target = nullptr;
    }
    if (target) {
      const auto entities = c.table(target->text);
      if (!entities) {
        Notes notes;
        note_choices(notes, target->text, c.table_names());
        c.error(target->place, "unknown-table", "no table " + quote(target->text), notes);
      } else if (const auto& other = c.plan.tables[*entities]; other.event()) {
        c.error(target->place, "link-to-event", "a link points to entities; " + quote(other.name) + " has no key",
                {quote(other.name) + " is declared at " + text_of(other.place),
                 "give it key = \"COLUMN\" when each of its rows is one entity"});
      } else {
        link.table = *entities;
        good = true;
      }
      const auto* column = item->find("column");
      need_column(c, table, link.column, column ? column->place : item->key_place);
    }
    const auto number = plan.links.add(std::move(link));
    if (!good) c.broken_links.insert({table, number});
  }
}

}  // namespace

void read_tables(Checker& c) {
  auto* tables = c.section("tables");
  if (!tables) return add_run_tables(c);  // a run asks for tables all the same
  std::vector<std::unique_ptr<Keys>> keys;
  for (const auto& item : tables->items) {
    item->used = true;
    good_name(c, *item, "a table");
    TablePlan plan;
    plan.name = item->key;
    plan.place = item->key_place;
    const bool good = demand(c.report, *item, Item::Kind::table, "table " + quote(item->key));
    c.plan.tables.push_back(std::move(plan));
    c.columns.emplace_back();
    keys.push_back(good ? std::make_unique<Keys>(c.report, *item, "[tables." + item->key + "]", &section("table"))
                        : nullptr);
  }
  const auto each = [&](auto read) {
    for (std::size_t k = 0; k < keys.size(); ++k)
      if (keys[k]) read(c, TableId{k}, *keys[k]);
  };
  each(read_ground);
  for (const auto table : c.plan.tables.ids()) add_from(c, table);
  each(read_links);
  each(read_fields);
  each(read_rows);
  each(read_lists);
  add_run_tables(c);
  for (std::size_t k = 0; k < keys.size(); ++k)  // without its reader a table's other keys cannot be judged
    if (keys[k] &&
        (c.plan.serving || c.plan.tables[TableId{k}].from || !c.plan.tables[TableId{k}].reader.component.empty()))
      keys[k]->finish();
}

}  // namespace braid::recipe
