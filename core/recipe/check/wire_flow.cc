// Where a wire's tensor lives and through what it travels.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

std::string axis_words(const Checker& c, AxisId axis) {
  const auto& plan = c.plan.axes[axis];
  if (plan.standard) return "rows of " + quote(plan.name);
  return "the axis " + quote(plan.name) + " (rows of " + quote(c.plan.tables[plan.table].name) + ")";
}

namespace {

// Whether every row that `way` reaches stands on the axis.
bool covers(const AxisPlan& axis, const Way& way) {
  if (axis.standard || axis.whole) return true;
  return std::find(axis.from.begin(), axis.from.end(), way) != axis.from.end();
}

std::vector<Way> all_ways(const Checker& c, TableId table) {
  std::vector<Way> out;
  for (const auto t : c.plan.tables.ids()) {
    const auto& plan = c.plan.tables[t];
    if (c.plan.train.rows && t != *c.plan.train.rows) continue;
    for (const auto k : plan.links.ids())
      if (const TableLink link{t, k}; c.target(link) == table) out.push_back(link);
    for (const auto k : plan.lists.ids())
      if (plan.lists[k].table == table) out.push_back(TableList{t, k});
  }
  return out;
}

Flow plain(DType type, AxisId axis) {
  Flow flow;
  flow.known = true;
  flow.type.dtype = type;
  flow.type.dims = {AxisRows{axis}};
  flow.same = {""};
  flow.padded = {false};
  return flow;
}

Flow source_flow(Checker& c, const WireDraft& draft) {
  const auto field = [&](const FieldOutput& from) -> Flow {  // typed on its table's own axis
    const auto& outputs = c.field_outputs[{c.plan.axes[*draft.axis].table, from.field}];
    if (from.output >= outputs.size()) return {};
    auto flow = outputs[from.output];
    if (!flow.type.dims.empty()) flow.type.dims[0] = AxisRows{*draft.axis};
    return flow;
  };
  return std::visit(Cases{[](const std::monostate&) { return Flow(); },
                          [&](const OutputOf<DraftId>& from) {
                            const auto& flows = c.nodes[from.node].flows;
                            return from.output < flows.size() ? flows[from.output] : Flow();
                          },
                          field, [&](const LabelOf&) { return plain(DType::floating, *draft.axis); },
                          [&](const LinkKey&) { return plain(DType::key, *draft.axis); },
                          [&](const KeyOf&) { return plain(DType::key, *draft.axis); },
                          [&](const CountOf&) { return plain(DType::floating, *draft.axis); },
                          [&](const RowOf&) { return plain(DType::whole, *draft.axis); }},
                    draft.source);
}

// The dims in front of a gathered tensor's own ones.
void put_via(const Checker& c, const Via& via, Flow& flow) {
  auto& dims = flow.type.dims;
  dims[0] = AxisRows{via.rows};
  if (!via.list()) return;
  const auto& table = c.plan.tables[via.list()->table];
  const auto insert = [&](ListId list) {
    if (const auto* after = std::get_if<ListPlan::After>(&table.lists[list].how))
      list = after->base;  // the same places
    dims.insert(dims.begin() + 1, ListPlaces{{via.list()->table, list}, table.places(list)});
    flow.same.insert(flow.same.begin() + 1, "list " + table.name + "." + table.lists[list].name);
    flow.padded.insert(flow.padded.begin() + 1, true);
  };
  insert(via.list()->list);
  const auto* draw = std::get_if<ListPlan::Draw>(&table.lists[via.list()->list].how);
  if (draw && draw->per) insert(*draw->per);
}

// The link or list of a wire's [ ]; nothing for AXIS.row.
std::optional<Way> way_of(const Via& via) {
  if (via.link()) return *via.link();
  if (via.list()) return *via.list();
  return std::nullopt;
}

// The table that a wire's [ ] reaches; nothing when an error about it was reported.
std::optional<TableId> via_target(const Checker& c, const Via& via) {
  const auto way = way_of(via);
  return way ? c.target(*way) : c.plan.axes[via.rows].table;
}

std::string via_words(const Checker& c, const Via& via) {
  const auto way = way_of(via);
  return way ? c.plan.name_of(*way) : c.plan.axes[via.rows].name + ".row";
}

Place via_place(const Checker& c, const Via& via) {
  const auto way = way_of(via);
  return way ? c.place_of(*way) : c.plan.axes[via.rows].place;
}

std::string source_words(const WireDraft& draft) {
  return quote(draft.text.substr(0, draft.via ? draft.via_at : std::string::npos));
}

bool wrong_table(Checker& c, const WireDraft& draft, AxisId from, TableId target) {
  const auto& via = *draft.via;
  const auto& table = c.plan.table_of(from);
  Notes notes{via_words(c, via) + " is declared at " + text_of(via_place(c, via))};
  const auto ways = ways_to(c, from, via.link(), via.list());
  if (!ways.empty()) notes.push_back(quote(table.name) + " is reached by " + listed(ways));
  else if (table.event()) notes.push_back("a tensor on event rows is not gathered: leave [ ] out");
  c.error(c.document.inside(*draft.item, draft.via_at + 1), "wrong-table",
          source_words(draft) + " lives on " + axis_words(c, from) + "; " + via_words(c, via) + " reaches " +
              quote(c.plan.tables[target].name),
          notes);
  return false;
}

// Rows that the axis may lack.
bool not_covered(Checker& c, const WireDraft& draft, AxisId from) {
  const auto& via = *draft.via;
  const auto& axis = c.plan.axes[from];
  const auto own = way_of(via);
  if (own && covers(axis, *own)) return false;
  if (!own) {
    const auto& other = c.plan.axes[via.rows];
    if (via.rows == from || axis.whole || axis.standard) return false;
    const bool all = other.standard || other.whole;
    if (!all && std::all_of(other.from.begin(), other.from.end(), [&](const Way& way) { return covers(axis, way); }))
      return false;
  }
  Notes notes;
  std::vector<std::string> ways;
  for (const auto& way : axis.from) ways.push_back(c.plan.name_of(way));
  notes.push_back(quote(axis.name) + " takes rows from " + listed(ways) + " only, " + text_of(axis.place));
  if (own)
    notes.push_back("add \"" + via_words(c, via) + "\" to its 'from', or compute the tensor on the table's own axis");
  else notes.push_back("gather from the table's own axis " + quote(c.plan.tables[axis.table].name));
  c.error(c.document.inside(*draft.item, draft.via_at + 1), "axis-not-covering",
          "the axis " + quote(axis.name) + " does not hold all that " + via_words(c, via) + " reaches", notes);
  return true;
}

// Event rows of a table that is not trained on are not in a batch.
bool other_rows(Checker& c, const WireDraft& draft, AxisId axis) {
  const auto& plan = c.plan.axes[axis];
  if (!c.plan.train.rows || !c.plan.tables[plan.table].event() || plan.table == *c.plan.train.rows) return false;
  const auto& rows = c.plan.driving();
  c.error(draft.item->place, "other-rows",
          quote(plan.name) + " is not in a batch: batches are rows of " + quote(rows.name),
          {"[train] rows = \"" + rows.name + "\"; " + quote(plan.name) + " is declared at " + text_of(plan.place)});
  return true;
}

}  // namespace

std::vector<std::string> ways_to(const Checker& c, AxisId axis, bool links, bool lists) {
  std::vector<std::string> out;
  const auto& plan = c.plan.axes[axis];
  for (const auto& way : all_ways(c, plan.table))
    if (covers(plan, way) && (is<TableLink>(way) ? links : lists)) out.push_back(c.plan.name_of(way));
  return out;
}

bool type_wire(Checker& c, WireDraft& draft) {
  if (!draft.known) return false;
  auto source = source_flow(c, draft);
  if (!draft.others.empty()) {  // { first = [...] }: the first whose table the link points into
    std::vector<WireDraft> all{draft};
    all.insert(all.end(), draft.others.begin(), draft.others.end());
    all[0].others.clear();
    for (const auto& one : all) {
      const auto flow = source_flow(c, one);
      const auto axis = flow.type.axis();
      if (flow.known && one.via && axis && via_target(c, *one.via) != c.plan.axes[*axis].table) continue;
      draft = one;
      source = flow;
      break;
    }
    draft.others.clear();
  }
  if (!source.known) return false;
  if (source.type.dims.empty()) {
    if (!draft.via) return draft.flow = std::move(source), true;
    c.error(c.document.inside(*draft.item, draft.via_at), "bad-wire",
            source_words(draft) + " is one number for the batch: it is not gathered", {"leave [ ] out"});
    return false;
  }
  draft.axis = source.type.axis();
  if (!draft.axis || other_rows(c, draft, *draft.axis)) return false;
  if (draft.via) {
    const auto target = via_target(c, *draft.via);
    if (!target) return false;
    if (*target != c.plan.axes[*draft.axis].table) return wrong_table(c, draft, *draft.axis, *target);
    if (not_covered(c, draft, *draft.axis) || other_rows(c, draft, draft.via->rows)) return false;
    put_via(c, *draft.via, source);
  }
  draft.flow = std::move(source);
  return true;
}

}  // namespace braid::recipe
