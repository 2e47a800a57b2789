// Axes: every table's own, and those that [axes] declares.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

namespace braid::recipe {

namespace {

struct AxisDraft {
  std::string name;
  std::optional<TableId> table;
  std::vector<Way> from;
};

// "ratings.item" or "ratings.history", which has to reach the axis' table.
void read_from(Checker& c, AxisDraft& axis, const Item& item) {
  const auto dot = item.text.find('.');
  const auto table = dot == std::string::npos ? std::nullopt : c.table(item.text.substr(0, dot));
  if (!table) {
    Notes notes;
    std::vector<std::string> choices;
    for (const auto& t : c.plan.tables) {
      for (const auto& l : t.links) choices.push_back(t.name + "." + l.name);
      for (const auto& l : t.lists) choices.push_back(t.name + "." + l.name);
    }
    note_choices(notes, item.text, choices);
    c.broken_axes.insert(axis.name);
    return c.error(item.place, "unknown-link", "no link " + quote(item.text), notes);
  }
  const auto& plan = c.plan.tables[*table];
  const auto name = item.text.substr(dot + 1);
  const auto way = c.way(*table, name);
  if (!way) {
    c.broken_axes.insert(axis.name);
    if (c.broken_names.contains({*table, name})) return;
    Notes notes;
    std::vector<std::string> choices;
    for (const auto& l : plan.links) choices.push_back(l.name);
    for (const auto& l : plan.lists) choices.push_back(l.name);
    note_choices(notes, name, choices);
    return c.error(c.document.inside(item, dot + 1), "unknown-link",
                   "table " + quote(plan.name) + " has no link or list " + quote(name), notes);
  }
  const auto target = c.target(*way);
  if (target && axis.table && *target != *axis.table) {
    c.broken_axes.insert(axis.name);
    c.error(item.place, "wrong-table",
            quote(item.text) + " reaches " + quote(c.plan.tables[*target].name) + "; the axis " + quote(axis.name) +
                " holds rows of " + quote(c.plan.tables[*axis.table].name),
            {item.text + " is declared at " + text_of(c.place_of(*way))});
    return;
  }
  axis.from.push_back(*way);
}

void read_axis(Checker& c, Item& item) {
  AxisDraft axis{item.key, {}, {}};
  good_name(c, item, "an axis");
  const auto broken = [&] { c.broken_axes.insert(item.key); };
  if (!demand(c.report, item, Item::Kind::table, "axis " + quote(item.key))) return broken();
  if (const auto clash = c.table(item.key)) {
    broken();
    return c.error(item.key_place, "name-clash", "a table is called " + quote(item.key) + " already, and its axis too",
                   {"the table: " + text_of(c.plan.tables[*clash].place)});
  }
  Keys keys(c.report, item, "[axes." + item.key + "]", &section("axis"));
  const bool whole = keys.boolean("whole");
  if (const auto* table = keys.required("table", Item::Kind::text, "say whose rows it holds: table = \"items\"")) {
    axis.table = c.table(table->text);
    if (!axis.table) {
      Notes notes;
      note_choices(notes, table->text, c.table_names());
      c.error(table->place, "unknown-table", "no table " + quote(table->text), notes);
    } else if (c.plan.tables[*axis.table].event() && !whole) {
      c.error(table->place, "event-only",
              quote(table->text) + " is an event table: besides the batch's rows an axis holds all that train",
              {"say whole = true, or name an entity table"});
      axis.table.reset();
    }
  }
  std::vector<Item*> from;
  keys.texts("from", &from);
  for (const auto* one : from) read_from(c, axis, *one);
  keys.later({"forward", "backward", "often", "with", "evaluate"});
  keys.finish();
  if (from.empty() && !whole && !c.broken_axes.contains(axis.name))
    c.error(item.key_place, "missing-key", keys.what() + " needs 'from' or whole = true",
            {"say through which links rows come: from = [\"ratings.item\"]"});
  if (!axis.table) return broken();
  c.plan.axes.push_back({axis.name, *axis.table, false, std::move(axis.from), whole, item.key_place});
}

}  // namespace

void read_axes(Checker& c) {
  for (const auto table : c.plan.tables.ids())
    c.plan.axes.push_back({.name = c.plan.tables[table].name, .table = table, .place = c.plan.tables[table].place});
  if (auto* axes = c.section("axes"))
    for (const auto& item : axes->items) {
      item->used = true;
      read_axis(c, *item);
    }
  add_run_axes(c);
}

}  // namespace braid::recipe
