// Axes: every table's own, and those that [axes] declares.
#include "recipe/checker.h"
#include "recipe/words.h"

namespace braid::recipe {

namespace {

// "ratings.item" or "ratings.history", which has to reach `axis.table`.
void read_from(Checker& c, AxisPlan& axis, const Item& item) {
  const auto dot = item.text.find('.');
  const int table = dot == std::string::npos ? none : c.table(item.text.substr(0, dot));
  if (table == none) {
    std::vector<std::string> notes, choices;
    for (const auto& t : c.plan.tables) {
      for (const auto& l : t.links) choices.push_back(t.name + "." + l.name);
      for (const auto& l : t.lists) choices.push_back(t.name + "." + l.name);
    }
    note_choices(notes, item.text, choices);
    c.broken_axes.insert(axis.name);
    return c.error(item.place, "unknown-link", "no link " + quote(item.text), notes);
  }
  const auto& plan = c.plan.tables[static_cast<std::size_t>(table)];
  const auto name = item.text.substr(dot + 1);
  const int link = link_of(plan, name), list = list_of(plan, name);
  if (link == none && list == none) {
    c.broken_axes.insert(axis.name);
    if (c.broken_names.contains({table, name})) return;
    std::vector<std::string> notes, choices;
    for (const auto& l : plan.links) choices.push_back(l.name);
    for (const auto& l : plan.lists) choices.push_back(l.name);
    note_choices(notes, name, choices);
    return c.error(c.document.inside(item, dot + 1), "unknown-link",
                   "table " + quote(plan.name) + " has no link or list " + quote(name), notes);
  }
  const int target = link != none ? plan.links[static_cast<std::size_t>(link)].table
                                  : plan.lists[static_cast<std::size_t>(list)].table;
  const auto& place = link != none ? plan.links[static_cast<std::size_t>(link)].place
                                   : plan.lists[static_cast<std::size_t>(list)].place;
  if (target != none && axis.table != none && target != axis.table) {
    c.broken_axes.insert(axis.name);
    c.error(item.place, "wrong-table",
            quote(item.text) + " reaches " + quote(c.plan.tables[static_cast<std::size_t>(target)].name) +
                "; the axis " + quote(axis.name) + " holds rows of " +
                quote(c.plan.tables[static_cast<std::size_t>(axis.table)].name),
            {item.text + " is declared at " + text_of(place)});
    return;
  }
  axis.from.push_back({table, link, list});
}

void read_axis(Checker& c, Item& item) {
  AxisPlan axis;
  axis.name = item.key;
  axis.standard = false;
  axis.place = item.key_place;
  good_name(c, item, "an axis");
  const auto broken = [&] { c.broken_axes.insert(item.key); };
  if (!demand(c.report, item, Item::Kind::table, "axis " + quote(item.key))) return broken();
  if (const int clash = c.table(item.key); clash != none) {
    broken();
    return c.error(item.key_place, "name-clash", "a table is called " + quote(item.key) + " already, and its axis too",
                   {"the table: " + text_of(c.plan.tables[static_cast<std::size_t>(clash)].place)});
  }
  Keys keys(c.report, item, "[axes." + item.key + "]", &section("axis"));
  axis.whole = keys.boolean("whole");
  if (const auto* table = keys.required("table", Item::Kind::text, "say whose rows it holds: table = \"items\"")) {
    axis.table = c.table(table->text);
    if (axis.table == none) {
      std::vector<std::string> notes;
      note_choices(notes, table->text, c.table_names());
      c.error(table->place, "unknown-table", "no table " + quote(table->text), notes);
    } else if (c.plan.tables[static_cast<std::size_t>(axis.table)].event() && !axis.whole) {
      c.error(table->place, "event-only",
              quote(table->text) + " is an event table: besides the batch's rows an axis holds all that train",
              {"say whole = true, or name an entity table"});
      axis.table = none;
    }
  }
  std::vector<Item*> from;
  keys.texts("from", &from);
  for (const auto* one : from) read_from(c, axis, *one);
  keys.later({"forward", "backward", "often", "with", "evaluate"});
  keys.finish();
  if (from.empty() && !axis.whole && !c.broken_axes.contains(axis.name))
    c.error(item.key_place, "missing-key", keys.what() + " needs 'from' or whole = true",
            {"say through which links rows come: from = [\"ratings.item\"]"});
  if (axis.table == none) return broken();
  c.plan.axes.push_back(std::move(axis));
}

}  // namespace

void read_axes(Checker& c) {
  for (std::size_t k = 0; k < c.plan.tables.size(); ++k) {
    AxisPlan axis;
    axis.name = c.plan.tables[k].name;
    axis.table = static_cast<int>(k);
    axis.place = c.plan.tables[k].place;
    c.plan.axes.push_back(std::move(axis));
  }
  if (auto* axes = c.section("axes"))
    for (const auto& item : axes->items) {
      item->used = true;
      read_axis(c, *item);
    }
  add_run_axes(c);
}

}  // namespace braid::recipe
