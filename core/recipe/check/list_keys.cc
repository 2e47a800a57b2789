// [tables.X.lists]: histories, draws, and lists that stand in a column.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

class ListReader {
 public:
  ListReader(Checker& c, TableId table, Item& item)
      : c_(c),
        table_(table),
        plan_(c.plan.tables[table]),
        keys_(c.report, item, "list " + quote(item.key), &section("history")) {
    name_ = item.key;
    place_ = item.key_place;
  }

  bool read() {
    const bool history = keys_.table().find("by") && !keys_.table().find("draw") && !keys_.table().find("column");
    const bool good = keys_.table().find("draw")              ? draw()
                      : keys_.table().find("column")          ? column()
                      : keys_.table().find("after")           ? after()
                      : history || keys_.table().find("last") ? this->history()
                                                              : nothing();
    return good;
  }

 private:
  bool nothing() {
    c_.error(
        place_, "missing-key", keys_.what() + " says neither 'last', 'draw', 'column' nor 'after'",
        {"a history: { last = 20, of = \"item\", by = \"user\" }", "negatives: { draw = 4, of = \"items\" }",
         "keys in a cell: { column = \"candidates\", of = \"items\" }", "what came next: { after = \"history\" }"});
    keys_.accept_all();
    return false;
  }

  bool add(TableId table, std::variant<ListPlan::History, ListPlan::Draw, ListPlan::Keys, ListPlan::After> how) {
    plan_.lists.push_back({name_, table, std::move(how), place_});
    return true;
  }

  std::optional<LinkId> link(const char* name, const char* fix) {
    const auto* item = keys_.required(name, Item::Kind::text, fix);
    if (!item) return std::nullopt;
    if (const auto found = plan_.links.find(item->text)) return found;
    Notes notes;
    std::vector<std::string> names;
    for (const auto& l : plan_.links) names.push_back(l.name);
    note_choices(notes, item->text, names);
    if (c_.table(item->text))
      notes.push_back(quote(item->text) + " is a table; a history names links of " + quote(plan_.name));
    c_.error(item->place, "unknown-link", "table " + quote(plan_.name) + " has no link " + quote(item->text), notes);
    return std::nullopt;
  }

  // The entity table whose rows stand in the list.
  std::optional<TableId> target() {
    const auto* item = keys_.required("of", Item::Kind::text, "say which entities: of = \"items\"");
    if (!item) return std::nullopt;
    const auto found = c_.table(item->text);
    if (found && !c_.plan.tables[*found].event()) return found;
    Notes notes;
    std::vector<std::string> names;
    for (const auto& t : c_.plan.tables)
      if (!t.event()) names.push_back(t.name);
    const auto as_link = plan_.links.find(item->text);
    if (const auto linked = as_link ? c_.target(TableLink{table_, *as_link}) : std::nullopt)
      notes.push_back("did you mean " + quote(c_.plan.tables[*linked].name) + "?");
    else note_choices(notes, item->text, names);
    c_.error(item->place, "unknown-table",
             !found ? "no table " + quote(item->text) : quote(item->text) + " is an event table; a list holds entities",
             notes);
    return std::nullopt;
  }

  bool history() {
    std::int64_t last = 0;
    if (const auto* item = keys_.required("last", Item::Kind::whole, "say how many: last = 20")) {
      last = item->whole;
      in_range(c_.report, *item, *section("history").find("last"), "'last'");
    }
    const auto of = link("of", "say which link is listed: of = \"item\"");
    const auto by = link("by", "say whose history it is: by = \"user\"");
    std::optional<Expression> where;
    std::string where_text;
    if (const auto* item = keys_.find("where", Item::Kind::text)) {
      where = read_expression(c_, *item, table_);
      where_text = item->text;
    }
    const bool ordered = is<SplitPlan::ByTime>(plan_.split.how) || is<SplitPlan::LeaveLast>(plan_.split.how);
    const auto visible = keys_.choice("visible", ordered ? "all" : "train");
    using Visible = ListPlan::History::Visible;
    const bool always = keys_.choice("when") == "always";
    keys_.later({"window", "shift", "columns"});
    keys_.finish();
    if (!of || !by) return false;
    const auto listed_table = c_.target(TableLink{table_, *of});
    return listed_table && add(*listed_table, ListPlan::History{*of, *by, last, std::move(where), where_text,
                                                                visible == "all"       ? Visible::all
                                                                : visible == "earlier" ? Visible::earlier
                                                                                       : Visible::train,
                                                                always});
  }

  bool draw() {
    ListPlan::Draw draw;
    keys_.reads(section("draw"));
    if (const auto* count = keys_.find("draw", Item::Kind::whole)) {
      draw.count = count->whole;
      in_range(c_.report, *count, *section("draw").find("draw"), "'draw'");
    }
    const auto table = target();
    draw.by_popularity = keys_.choice("by") == "popularity";
    draw.exclude_seen = keys_.choice("exclude") == "seen";
    if (const auto* per = keys_.find("per", Item::Kind::text)) draw.per = list_above(*per);
    keys_.finish();
    return table && add(*table, draw);
  }

  // A list that stands in the recipe before this one.
  std::optional<ListId> list_above(const Item& item) {
    const auto found = plan_.lists.find(item.text);
    if (found || c_.broken_names.contains({table_, item.text})) return found;
    Notes notes;
    std::vector<std::string> names;
    for (const auto& l : plan_.lists) names.push_back(l.name);
    note_choices(notes, item.text, names);
    notes.push_back("a list stands before those that are made for its places");
    c_.error(item.place, "unknown-list", "no list " + quote(item.text) + " above " + quote(name_), notes);
    return std::nullopt;
  }

  bool after() {
    keys_.reads(section("after"));
    const auto* item = keys_.find("after", Item::Kind::text);
    keys_.finish();
    const auto above = item ? list_above(*item) : std::nullopt;
    if (!above) return false;
    const auto& base = plan_.lists[*above];
    const auto* history = std::get_if<ListPlan::History>(&base.how);
    if (!history || history->always) {
      c_.error(item->place, "bad-list",
               quote(base.name) + " is no history of earlier events: nothing comes next after its places",
               {quote(base.name) + " is declared at " + text_of(base.place),
                "a history is { last = 20, of = \"item\", by = \"user\" }"});
      return false;
    }
    return add(base.table, ListPlan::After{*above});
  }

  bool column() {
    ListPlan::Keys list;
    keys_.reads(section("column"));
    if (const auto* column = keys_.find("column", Item::Kind::text)) {
      list.column = column->text;
      const auto dot = column->text.find('.');
      if (!c_.columns[table_].has(column->text) && dot != std::string::npos)
        list.through = plan_.links.find(column->text.substr(0, dot));
      if (list.through) list.column.erase(0, dot + 1);
      const auto holder = list.through ? c_.target(TableLink{table_, *list.through}) : table_;
      if (holder) need_column(c_, *holder, list.column, column->place);
    }
    const auto table = target();
    if (const auto last = keys_.whole("last"); last > 0) list.last = last;
    if (const auto* separator = keys_.find("separator", Item::Kind::text)) list.separator = separator->text;
    else keys_.fill("separator", list.separator);
    keys_.finish();
    return table && add(*table, std::move(list));
  }

  Checker& c_;
  TableId table_;
  TablePlan& plan_;
  Keys keys_;
  std::string name_;
  Place place_;
};

}  // namespace

void read_lists(Checker& c, TableId table, Keys& keys) {
  auto* lists = keys.find("lists", Item::Kind::table);
  if (!lists) return;
  auto& plan = c.plan.tables[table];
  if (!plan.event()) {
    c.error(lists->key_place, "event-only",
            "lists stand in event tables; " + quote(plan.name) + " has a key and is an entity table",
            {"leave 'key' out when a row is an event"});
    return;
  }
  for (const auto& item : lists->items) {
    good_name(c, *item, "a list");
    if (const auto link = plan.links.find(item->key))
      c.error(item->key_place, "name-clash",
              "a link of " + quote(plan.name) + " is called " + quote(item->key) + " already",
              {"the link: " + text_of(plan.links[*link].place)});
    if (!demand(c.report, *item, Item::Kind::table, "list " + quote(item->key)) || !ListReader(c, table, *item).read())
      c.broken_names.insert({table, item->key});
  }
}

}  // namespace braid::recipe
