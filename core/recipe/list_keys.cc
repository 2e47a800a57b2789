// [tables.X.lists]: histories, draws, and lists that stand in a column.
#include "recipe/checker.h"
#include "recipe/words.h"

#include <algorithm>

namespace braid::recipe {

int link_of(const TablePlan& table, const std::string& name) {
  for (std::size_t k = 0; k < table.links.size(); ++k)
    if (table.links[k].name == name) return static_cast<int>(k);
  return none;
}

int list_of(const TablePlan& table, const std::string& name) {
  for (std::size_t k = 0; k < table.lists.size(); ++k)
    if (table.lists[k].name == name) return static_cast<int>(k);
  return none;
}

namespace {

class ListReader {
 public:
  ListReader(Checker& c, int table, Item& item)
      : c_(c),
        table_(table),
        plan_(c.plan.tables[static_cast<std::size_t>(table)]),
        keys_(c.report, item, "list " + quote(item.key), &section("history")) {
    list_.name = item.key;
    list_.place = item.key_place;
  }

  bool read() {
    const bool history = keys_.table().find("by") && !keys_.table().find("draw") && !keys_.table().find("column");
    const bool good = keys_.table().find("draw")              ? draw()
                      : keys_.table().find("column")          ? column()
                      : keys_.table().find("after")           ? after()
                      : history || keys_.table().find("last") ? this->history()
                                                              : nothing();
    if (good) plan_.lists.push_back(std::move(list_));
    return good;
  }

 private:
  bool nothing() {
    c_.error(
        list_.place, "missing-key", keys_.what() + " says neither 'last', 'draw', 'column' nor 'after'",
        {"a history: { last = 20, of = \"item\", by = \"user\" }", "negatives: { draw = 4, of = \"items\" }",
         "keys in a cell: { column = \"candidates\", of = \"items\" }", "what came next: { after = \"history\" }"});
    keys_.accept_all();
    return false;
  }

  int link(const char* name, const char* fix) {
    const auto* item = keys_.required(name, Item::Kind::text, fix);
    if (!item) return none;
    const int found = link_of(plan_, item->text);
    if (found != none) return found;
    std::vector<std::string> notes, names;
    for (const auto& l : plan_.links) names.push_back(l.name);
    note_choices(notes, item->text, names);
    if (c_.table(item->text) != none)
      notes.push_back(quote(item->text) + " is a table; a history names links of " + quote(plan_.name));
    c_.error(item->place, "unknown-link", "table " + quote(plan_.name) + " has no link " + quote(item->text), notes);
    return none;
  }

  // The entity table whose rows stand in the list.
  int target() {
    const auto* item = keys_.required("of", Item::Kind::text, "say which entities: of = \"items\"");
    if (!item) return none;
    const int found = c_.table(item->text);
    if (found != none && !c_.plan.tables[static_cast<std::size_t>(found)].event()) return found;
    std::vector<std::string> notes, names;
    for (const auto& t : c_.plan.tables)
      if (!t.event()) names.push_back(t.name);
    if (const int as_link = link_of(plan_, item->text);
        as_link != none && plan_.links[static_cast<std::size_t>(as_link)].table != none)
      notes.push_back(
          "did you mean " +
          quote(c_.plan.tables[static_cast<std::size_t>(plan_.links[static_cast<std::size_t>(as_link)].table)].name) +
          "?");
    else note_choices(notes, item->text, names);
    c_.error(item->place, "unknown-table",
             found == none ? "no table " + quote(item->text)
                           : quote(item->text) + " is an event table; a list holds entities",
             notes);
    return none;
  }

  bool history() {
    list_.what = ListPlan::What::history;
    if (const auto* last = keys_.required("last", Item::Kind::whole, "say how many: last = 20")) {
      list_.length = last->whole;
      in_range(c_.report, *last, *section("history").find("last"), "'last'");
    }
    list_.of = link("of", "say which link is listed: of = \"item\"");
    list_.by = link("by", "say whose history it is: by = \"user\"");
    if (const auto* where = keys_.find("where", Item::Kind::text)) {
      list_.where = read_expression(c_, *where, table_);
      list_.where_text = where->text;
    }
    const bool ordered = plan_.split.by == SplitPlan::By::time || plan_.split.by == SplitPlan::By::leave_last;
    const auto visible = keys_.choice("visible", ordered ? "all" : "train");
    using Visible = ListPlan::Visible;
    list_.visible = visible == "all" ? Visible::all : visible == "earlier" ? Visible::earlier : Visible::train;
    list_.always = keys_.choice("when") == "always";
    keys_.later({"window", "shift", "columns"});
    keys_.finish();
    if (list_.of == none || list_.by == none) return false;
    list_.table = plan_.links[static_cast<std::size_t>(list_.of)].table;
    return list_.table != none;
  }

  bool draw() {
    list_.what = ListPlan::What::draw;
    keys_.reads(section("draw"));
    if (const auto* draw = keys_.find("draw", Item::Kind::whole)) {
      list_.length = draw->whole;
      in_range(c_.report, *draw, *section("draw").find("draw"), "'draw'");
    }
    list_.table = target();
    list_.by_popularity = keys_.choice("by") == "popularity";
    list_.exclude_seen = keys_.choice("exclude") == "seen";
    if (const auto* per = keys_.find("per", Item::Kind::text)) list_.per = list_above(*per);
    keys_.finish();
    return list_.table != none;
  }

  // A list that stands in the recipe before this one.
  int list_above(const Item& item) {
    const int found = list_of(plan_, item.text);
    if (found != none || c_.broken_names.contains({table_, item.text})) return found;
    std::vector<std::string> notes, names;
    for (const auto& l : plan_.lists) names.push_back(l.name);
    note_choices(notes, item.text, names);
    notes.push_back("a list stands before those that are made for its places");
    c_.error(item.place, "unknown-list", "no list " + quote(item.text) + " above " + quote(list_.name), notes);
    return none;
  }

  bool after() {
    list_.what = ListPlan::What::after;
    keys_.reads(section("after"));
    const auto* item = keys_.find("after", Item::Kind::text);
    keys_.finish();
    list_.base = item ? list_above(*item) : none;
    if (list_.base == none) return false;
    const auto& base = plan_.lists[static_cast<std::size_t>(list_.base)];
    if (base.what != ListPlan::What::history || base.always) {
      c_.error(item->place, "bad-list",
               quote(base.name) + " is no history of earlier events: nothing comes next after its places",
               {quote(base.name) + " is declared at " + text_of(base.place),
                "a history is { last = 20, of = \"item\", by = \"user\" }"});
      return false;
    }
    list_.table = base.table;
    list_.of = base.of;
    list_.by = base.by;
    list_.length = base.length;
    return true;
  }

  bool column() {
    list_.what = ListPlan::What::column;
    keys_.reads(section("column"));
    if (const auto* column = keys_.find("column", Item::Kind::text)) {
      list_.column = column->text;
      const auto dot = column->text.find('.');
      if (!c_.columns[static_cast<std::size_t>(table_)].has(column->text) && dot != std::string::npos)
        list_.through = link_of(plan_, column->text.substr(0, dot));
      if (list_.through != none) list_.column.erase(0, dot + 1);
      const int linked = list_.through == none ? table_ : plan_.links[static_cast<std::size_t>(list_.through)].table;
      if (linked != none) need_column(c_, linked, list_.column, column->place);
    }
    list_.table = target();
    list_.length = keys_.whole("last");
    if (const auto* separator = keys_.find("separator", Item::Kind::text)) list_.separator = separator->text;
    else keys_.fill("separator", list_.separator);
    keys_.finish();
    return list_.table != none;
  }

  Checker& c_;
  int table_;
  TablePlan& plan_;
  Keys keys_;
  ListPlan list_;
};

}  // namespace

void read_lists(Checker& c, int table, Keys& keys) {
  auto* lists = keys.find("lists", Item::Kind::table);
  if (!lists) return;
  auto& plan = c.plan.tables[static_cast<std::size_t>(table)];
  if (!plan.event()) {
    c.error(lists->key_place, "event-only",
            "lists stand in event tables; " + quote(plan.name) + " has a key and is an entity table",
            {"leave 'key' out when a row is an event"});
    return;
  }
  for (const auto& item : lists->items) {
    good_name(c, *item, "a list");
    if (link_of(plan, item->key) != none)
      c.error(item->key_place, "name-clash",
              "a link of " + quote(plan.name) + " is called " + quote(item->key) + " already",
              {"the link: " + text_of(plan.links[static_cast<std::size_t>(link_of(plan, item->key))].place)});
    if (!demand(c.report, *item, Item::Kind::table, "list " + quote(item->key)) || !ListReader(c, table, *item).read())
      c.broken_names.insert({table, item->key});
  }
}

}  // namespace braid::recipe
