// Wires: "node.port[table.link]" by name, then where its tensor lives and through what it travels.
#include "recipe/checker.h"
#include "recipe/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

struct Part {
  std::string text;
  std::size_t at = 0;
};

bool is_glob(const std::string& text) { return text.find_first_of("*?") != std::string::npos; }

std::size_t index(int k) { return static_cast<std::size_t>(k); }

// One wire's text, resolved name by name. Every error carries the place inside the string.
class WireText {
 public:
  WireText(Checker& c, const Item& item) : c_(c), item_(item) {}

  std::vector<WireDraft> read() {
    WireDraft draft;
    draft.item = &item_;
    draft.wire.text = item_.text;
    draft.wire.place = item_.place;
    if (!split()) return {draft};
    if (!via_.empty() && !resolve_via(draft)) return {draft};
    return resolve_source(draft);
  }

 private:
  Place at(std::size_t offset) const { return c_.document.inside(item_, offset); }
  bool fail(std::size_t offset, std::string tag, std::string what, std::vector<std::string> notes = {}) {
    c_.error(at(offset), std::move(tag), std::move(what), std::move(notes));
    return false;
  }

  static bool name_character(char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-' ||
           ch == '*' || ch == '?';
  }

  // "a.b[c.d]" to names_ {a, b} and via_ {c, d}.
  bool split() {
    const auto& text = item_.text;
    static const std::string form = "a wire is \"node.port\", \"table.field\" or \"node.port[table.link]\"";
    auto* names = &names_;
    bool closed = false, want = true;
    for (std::size_t k = 0; k < text.size();) {
      if (closed) return fail(k, "bad-wire", "unexpected " + quote(text.substr(k)) + " after ']'", {form});
      if (want) {
        const auto start = k;
        while (k < text.size() && name_character(text[k])) ++k;
        if (k == start) return fail(k, "bad-wire", "a name is expected before " + quote(text.substr(k, 1)), {form});
        names->push_back({text.substr(start, k - start), start});
        want = false;
        continue;
      }
      const char ch = text[k];
      if (ch == '.') want = true;
      else if (ch == '[' && names == &names_) names = &via_, via_at_ = k, want = true;
      else if (ch == ']' && names == &via_) closed = true;
      else return fail(k, "bad-wire", "unexpected " + quote(text.substr(k, 1)), {form});
      ++k;
    }
    if (want)
      return fail(text.size(), "bad-wire", text.empty() ? "an empty wire" : "the wire ends where a name is expected",
                  {form});
    if (!via_.empty() && !closed) return fail(text.size(), "bad-wire", "']' is missing", {form});
    join_runs(names_);
    join_runs(via_);
    if (names_.size() > 3) return fail(names_[3].at, "bad-wire", "too many names in a wire", {form});
    return via_.empty() || via_.size() == 2 ||
           fail(via_[0].at, "bad-wire", "in [ ] stands table.link, table.list or axis.row", {form});
  }

  // What a run brought is called "teacher.rank": both parts are one name.
  void join_runs(std::vector<Part>& parts) const {
    for (const auto& run : c_.runs)
      for (std::size_t k = 0; k + 1 < parts.size() && k < 2; ++k)
        if (parts[k].text == run.name) {
          parts[k].text += "." + parts[k + 1].text;
          parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(k) + 1);
          break;
        }
  }

  int axis_named(const std::string& name) const {
    for (std::size_t k = 0; k < c_.plan.axes.size(); ++k)
      if (c_.plan.axes[k].name == name) return static_cast<int>(k);
    return none;
  }
  int node_named(const std::string& name) const {
    for (std::size_t k = 0; k < c_.nodes.size(); ++k)
      if (c_.nodes[k].plan.name == name) return static_cast<int>(k);
    return none;
  }

  bool resolve_via(WireDraft& draft) {
    draft.via_at = via_at_;
    auto& via = draft.wire.via;
    const int axis = axis_named(via_[0].text);
    if (axis == none) {
      if (c_.broken_axes.contains(via_[0].text)) return false;
      std::vector<std::string> notes, names;
      for (const auto& a : c_.plan.axes) names.push_back(a.name);
      note_choices(notes, via_[0].text, names);
      return fail(via_[0].at, "unknown-axis", "no table or axis " + quote(via_[0].text), notes);
    }
    const auto& plan = c_.plan.axes[index(axis)];
    if (via_[1].text == "row") {
      via.axis = axis;
      return true;
    }
    const auto& table = c_.plan.tables[index(plan.table)];
    if (!plan.standard && !table.event())
      return fail(via_[1].at, "unknown-link", "the axis " + quote(plan.name) + " has no " + quote(via_[1].text),
                  {"write [" + plan.name + ".row], or a link of an event table"});
    via.table = plan.table;
    if (!plan.standard) via.from = axis;
    via.link = link_of(table, via_[1].text);
    via.list = via.link == none ? list_of(table, via_[1].text) : none;
    if (via.link != none || via.list != none) return true;
    if (c_.broken_names.contains({plan.table, via_[1].text})) return false;
    std::vector<std::string> notes, names;
    for (const auto& l : table.links) names.push_back(l.name);
    for (const auto& l : table.lists) names.push_back(l.name);
    note_choices(notes, via_[1].text, names);
    return fail(via_[1].at, "unknown-link",
                "table " + quote(table.name) + " has no link or list " + quote(via_[1].text), notes);
  }

  std::vector<WireDraft> resolve_source(WireDraft& draft) {
    if (const int node = node_named(names_[0].text); node != none) {
      if (axis_named(names_[0].text) != none) return {draft};  // two things of one name: that was said
      draft.known = from_node(draft, node);
      return {draft};
    }
    if (const int axis = axis_named(names_[0].text); axis != none) return from_axis(draft, axis);
    if (c_.broken_axes.contains(names_[0].text)) return {draft};
    std::vector<std::string> notes, names;
    for (const auto& n : c_.nodes) names.push_back(n.plan.name);
    for (const auto& a : c_.plan.axes) names.push_back(a.name);
    for (const auto& run : c_.runs) {
      const bool whole = names_[0].text == run.name;
      if (!run.good && (whole || names_[0].text.starts_with(run.own("")))) return {draft};  // that was said
      if (!whole) continue;
      std::string inner;
      for (const auto& node : run.plan.nodes) inner = run.own(node.name);  // the last one is what it was made for
      fail(names_[0].at, "bad-wire", quote(run.name) + " is a run: a wire names one of its nodes",
           {"for example " + quote(inner)});
      return {draft};
    }
    note_choices(notes, names_[0].text, names);
    fail(names_[0].at, "unknown-node", "no node, table or axis " + quote(names_[0].text), notes);
    return {draft};
  }

  bool from_node(WireDraft& draft, int k) {
    const auto& node = c_.nodes[index(k)];
    draft.wire.source = Wire::Source::node;
    draft.wire.node = k;  // in the order of writing; make_plan turns it
    draft.wire.port = 0;
    if (!node.found) return true;
    const auto declared = "node " + quote(node.plan.name) + " is declared at " + text_of(node.plan.place);
    if (names_.size() > 2) return fail(names_[2].at, "bad-wire", "a node's output has no parts");
    if (names_.size() == 1) {
      if (node.flow_names.size() == 1) return draft.port_name = node.flow_names[0], true;
      if (node.flow_names.empty())
        return fail(names_[0].at, "unknown-output", quote(node.plan.name) + " has no outputs");
      std::vector<std::string> choices;
      for (const auto& name : node.flow_names) choices.push_back(node.plan.name + "." + name);
      return fail(names_[0].at, "unknown-output", quote(node.plan.name) + " has several outputs: say which",
                  {"outputs: " + listed(choices), declared});
    }
    draft.port_name = names_[1].text;
    const auto found = std::find(node.flow_names.begin(), node.flow_names.end(), names_[1].text);
    draft.wire.port = static_cast<int>(found - node.flow_names.begin());
    if (found != node.flow_names.end()) return true;
    std::vector<std::string> notes;
    note_choices(notes, names_[1].text, node.flow_names);
    notes.push_back(declared);
    return fail(names_[1].at, "unknown-output",
                quote(node.found.schema->name) + " has no output " + quote(names_[1].text), notes);
  }

  std::vector<WireDraft> from_axis(WireDraft& draft, int k) {
    const auto& axis = c_.plan.axes[index(k)];
    const auto& table = c_.plan.tables[index(axis.table)];
    draft.wire.axis = k;
    if (names_.size() == 1) {
      fail(names_[0].at, "bad-wire",
           quote(axis.name) + " is " + (axis.standard ? "a table" : "an axis") + "; a wire names one of its fields",
           {"for example \"" + axis.name + ".key\""});
      return {draft};
    }
    if (is_glob(names_[1].text)) return glob(draft, table, axis.table);
    draft.known = one_of(draft, table, axis);
    return {draft};
  }

  std::vector<WireDraft> glob(const WireDraft& draft, const TablePlan& table, int number) {
    std::vector<WireDraft> out;
    for (std::size_t k = 0; k < table.fields.size(); ++k) {
      if (!glob_matches(names_[1].text, table.fields[k].name)) continue;
      auto one = draft;
      one.known = field(one, number, static_cast<int>(k));
      one.wire.text = item_.text;
      one.wire.text.replace(names_[1].at, names_[1].text.size(), table.fields[k].name);
      one.via_at += table.fields[k].name.size() - names_[1].text.size();
      out.push_back(std::move(one));
    }
    if (out.empty()) {
      std::vector<std::string> names;
      for (const auto& f : table.fields) names.push_back(f.name);
      fail(names_[1].at, "unknown-field", "no field of " + quote(table.name) + " is like " + quote(names_[1].text),
           {"fields: " + listed(names)});
      return {draft};
    }
    return out;
  }

  bool field(WireDraft& draft, int table, int k) {
    draft.wire.source = Wire::Source::field;
    draft.wire.field = k;
    draft.wire.port = 0;
    const auto& plan = c_.plan.tables[index(table)].fields[index(k)];
    draft.port_name = plan.name;
    std::vector<std::string> outputs;
    for (const auto& port : plan.use.schema.ports)
      if (port.output) outputs.push_back(port.name);
    if (names_.size() == 2) {
      if (outputs.size() <= 1) return true;
      return fail(names_[1].at, "unknown-output", "the field " + quote(plan.name) + " has several outputs: say which",
                  {"outputs: " + listed(outputs)});
    }
    const auto found = std::find(outputs.begin(), outputs.end(), names_[2].text);
    draft.wire.port = static_cast<int>(found - outputs.begin());
    if (found != outputs.end()) return true;
    std::vector<std::string> notes;
    note_choices(notes, names_[2].text, outputs);
    return fail(names_[2].at, "unknown-output", quote(plan.use.component) + " has no output " + quote(names_[2].text),
                notes);
  }

  bool one_of(WireDraft& draft, const TablePlan& table, const AxisPlan& axis) {
    const auto& name = names_[1].text;
    auto& wire = draft.wire;
    for (std::size_t k = 0; k < table.fields.size(); ++k)
      if (table.fields[k].name == name) return field(draft, axis.table, static_cast<int>(k));
    if (names_.size() > 2) return fail(names_[2].at, "bad-wire", "only fields have outputs of their own");
    draft.port_name = name;
    if (name == "key") return wire.source = Wire::Source::key, true;
    if (name == "row") return wire.source = Wire::Source::rows, true;
    if (name == "count" && !table.event()) return wire.source = Wire::Source::count, true;
    if (axis.standard) {
      for (std::size_t k = 0; k < table.labels.size(); ++k)
        if (table.labels[k].name == name)
          return wire.source = Wire::Source::label, wire.label = static_cast<int>(k), true;
      if (const int link = link_of(table, name); link != none)
        return wire.source = Wire::Source::link, wire.link = link, true;
      if (list_of(table, name) != none)
        return fail(names_[1].at, "bad-wire", quote(table.name + "." + name) + " is a list: it carries other tensors",
                    {"write \"node.port[" + table.name + "." + name + "]\""});
    }
    if (c_.broken_names.contains({axis.table, name})) return false;
    std::vector<std::string> notes, names;
    for (const auto& f : table.fields) names.push_back(f.name);
    if (axis.standard) {
      for (const auto& l : table.labels) names.push_back(l.name);
      for (const auto& l : table.links) names.push_back(l.name);
    }
    names.push_back("key");
    names.push_back("row");
    if (!table.event()) names.push_back("count");
    note_choices(notes, name, names);
    const auto& columns = c_.columns[index(axis.table)];
    if (columns.known && columns.has(name))
      notes.push_back(quote(name) + " is a column: make it a field in [tables." + table.name + ".fields]");
    return fail(names_[1].at, "unknown-field",
                std::string(axis.standard ? "table " : "axis ") + quote(axis.name) + " has no field" +
                    (axis.standard && table.event() ? ", label or link " : " ") + quote(name),
                notes);
  }

  Checker& c_;
  const Item& item_;
  std::vector<Part> names_, via_;
  std::size_t via_at_ = 0;
};

std::vector<WireDraft> first_of(Checker& c, const Item& item) {
  WireDraft broken;
  broken.item = &item;
  if (!item.is(Item::Kind::array) || item.items.empty()) {
    c.error(item.place, "wrong-type", "'first' is a list of wires");
    return {broken};
  }
  std::vector<WireDraft> all;
  for (const auto& one : item.items)
    for (auto& draft : read_wires(c, *one, false)) all.push_back(std::move(draft));
  for (const auto& draft : all)
    if (!draft.known) return {draft};
  auto first = std::move(all[0]);
  first.others.assign(std::make_move_iterator(all.begin() + 1), std::make_move_iterator(all.end()));
  return {first};
}

}  // namespace

std::vector<WireDraft> read_wires(Checker& c, const Item& item, bool list_allowed) {
  WireDraft broken;
  broken.item = &item;
  if (item.is(Item::Kind::text)) return WireText(c, item).read();
  if (item.is(Item::Kind::array)) {
    if (!list_allowed) {
      c.error(item.place, "wrong-type", "a list of wires stands inside another");
      return {broken};
    }
    std::vector<WireDraft> out;
    for (const auto& one : item.items)
      for (auto& draft : read_wires(c, *one, false)) out.push_back(std::move(draft));
    return out;
  }
  if (!item.is(Item::Kind::table)) {
    c.error(item.place, "wrong-type",
            "a wire is text, { from = \"...\" } or { first = [...] }; this is " + std::string(name_of(item.kind)));
    return {broken};
  }
  Keys keys(c.report, const_cast<Item&>(item), "a wire", &section(item.find("first") ? "first_wire" : "wire"));
  const auto* first = item.find("first") ? keys.find("first") : nullptr;
  const auto* from =
      first ? nullptr : keys.required("from", Item::Kind::text, "write { from = \"node.port\", stop = true }");
  const auto* stop = keys.find("stop", Item::Kind::boolean);
  keys.finish();
  auto out = first ? first_of(c, *first) : from ? read_wires(c, *from, false) : std::vector<WireDraft>{broken};
  if (stop && stop->boolean)
    for (auto& draft : out) {
      draft.wire.stop = true;
      for (auto& other : draft.others) other.wire.stop = true;
    }
  return out;
}

// ---- where a wire's tensor lives ----

std::string axis_words(const Checker& c, int axis) {
  const auto& plan = c.plan.axes[index(axis)];
  if (plan.standard) return "rows of " + quote(plan.name);
  return "the axis " + quote(plan.name) + " (rows of " + quote(c.plan.tables[index(plan.table)].name) + ")";
}

namespace {

struct Way {
  int table, link, list;
};

// Whether every row that `way` reaches stands on the axis.
bool covers(const AxisPlan& axis, const Way& way) {
  if (axis.standard || axis.whole) return true;
  return std::any_of(axis.from.begin(), axis.from.end(), [&](const AxisPlan::From& f) {
    return f.table == way.table && f.link == way.link && f.list == way.list;
  });
}

std::vector<Way> all_ways(const Checker& c, int table) {
  std::vector<Way> out;
  for (std::size_t t = 0; t < c.plan.tables.size(); ++t) {
    const auto& plan = c.plan.tables[t];
    if (c.plan.train.rows != none && static_cast<int>(t) != c.plan.train.rows) continue;
    for (std::size_t k = 0; k < plan.links.size(); ++k)
      if (plan.links[k].table == table) out.push_back({static_cast<int>(t), static_cast<int>(k), none});
    for (std::size_t k = 0; k < plan.lists.size(); ++k)
      if (plan.lists[k].table == table) out.push_back({static_cast<int>(t), none, static_cast<int>(k)});
  }
  return out;
}

std::string way_text(const Checker& c, const Way& way) {
  const auto& table = c.plan.tables[index(way.table)];
  return table.name + "." + (way.link != none ? table.links[index(way.link)].name : table.lists[index(way.list)].name);
}

Size axis_size(int axis) {
  Size size;
  size.kind = Size::Kind::axis;
  size.axis = axis;
  return size;
}

Flow plain(DType type, int axis) {
  Flow flow;
  flow.known = true;
  flow.type.dtype = type;
  flow.type.dims = {axis_size(axis)};
  flow.same = {""};
  flow.padded = {false};
  return flow;
}

Flow source_flow(Checker& c, const WireDraft& draft) {
  const auto& wire = draft.wire;
  switch (wire.source) {
    case Wire::Source::node: {
      const auto& flows = c.nodes[index(wire.node)].flows;
      return index(wire.port) < flows.size() ? flows[index(wire.port)] : Flow{};
    }
    case Wire::Source::field: {
      const auto table = c.plan.axes[index(wire.axis)].table;
      const auto& outputs = c.field_outputs[{table, wire.field}];
      if (index(wire.port) >= outputs.size()) return {};
      auto flow = outputs[index(wire.port)];
      if (!flow.type.dims.empty()) flow.type.dims[0].axis = wire.axis;
      return flow;
    }
    case Wire::Source::label:
    case Wire::Source::count:
      return plain(DType::floating, wire.axis);
    case Wire::Source::rows:
      return plain(DType::whole, wire.axis);
    case Wire::Source::key:
    case Wire::Source::link:
      return plain(DType::key, wire.axis);
  }
  return {};
}

Size list_size(const TablePlan& table, int number, int list) {
  Size size;
  size.kind = Size::Kind::list;
  size.table = number;
  size.list = list;
  size.value = table.lists[index(list)].length;
  return size;
}

// The dims in front of a gathered tensor's own ones.
void put_via(const Checker& c, const Wire::Via& via, Flow& flow, int to_axis) {
  auto& dims = flow.type.dims;
  dims[0] = axis_size(to_axis);
  if (via.list == none) return;
  const auto& table = c.plan.tables[index(via.table)];
  const auto insert = [&](int list) {
    if (const int base = table.lists[index(list)].base; base != none) list = base;  // the same places
    dims.insert(dims.begin() + 1, list_size(table, via.table, list));
    flow.same.insert(flow.same.begin() + 1, "list " + table.name + "." + table.lists[index(list)].name);
    flow.padded.insert(flow.padded.begin() + 1, true);
  };
  insert(via.list);
  if (const int per = table.lists[index(via.list)].per; per != none) insert(per);
}

// The table that a wire's [ ] reaches, none when an error about it was reported.
int via_target(const Checker& c, const Wire::Via& via) {
  if (via.axis != none) return c.plan.axes[index(via.axis)].table;
  const auto& table = c.plan.tables[index(via.table)];
  return via.link != none ? table.links[index(via.link)].table : table.lists[index(via.list)].table;
}

std::string via_words(const Checker& c, const Wire::Via& via) {
  if (via.axis != none) return c.plan.axes[index(via.axis)].name + ".row";
  return way_text(c, {via.table, via.link, via.list});
}

Place via_place(const Checker& c, const Wire::Via& via) {
  if (via.axis != none) return c.plan.axes[index(via.axis)].place;
  const auto& table = c.plan.tables[index(via.table)];
  return via.link != none ? table.links[index(via.link)].place : table.lists[index(via.list)].place;
}

std::string source_words(const WireDraft& draft) {
  return quote(draft.wire.text.substr(0, draft.wire.via.any() ? draft.via_at : std::string::npos));
}

bool wrong_table(Checker& c, const WireDraft& draft, int target) {
  const auto& wire = draft.wire;
  const auto& axis = c.plan.axes[index(wire.axis)];
  std::vector<std::string> notes{via_words(c, wire.via) + " is declared at " + text_of(via_place(c, wire.via))};
  const auto ways = ways_to(c, wire.axis, wire.via.link != none, wire.via.list != none);
  if (!ways.empty()) notes.push_back(quote(c.plan.tables[index(axis.table)].name) + " is reached by " + listed(ways));
  else if (c.plan.tables[index(axis.table)].event())
    notes.push_back("a tensor on event rows is not gathered: leave [ ] out");
  c.error(c.document.inside(*draft.item, draft.via_at + 1), "wrong-table",
          source_words(draft) + " lives on " + axis_words(c, wire.axis) + "; " + via_words(c, wire.via) + " reaches " +
              quote(c.plan.tables[index(target)].name),
          notes);
  return false;
}

// Rows that the axis may lack.
bool not_covered(Checker& c, const WireDraft& draft) {
  const auto& wire = draft.wire;
  const auto& axis = c.plan.axes[index(wire.axis)];
  std::vector<Way> needed;
  if (wire.via.axis == none) needed.push_back({wire.via.table, wire.via.link, wire.via.list});
  else {
    const auto& other = c.plan.axes[index(wire.via.axis)];
    if (wire.via.axis == wire.axis || axis.whole || axis.standard) return false;
    for (const auto& from : other.from) needed.push_back({from.table, from.link, from.list});
    if (other.standard || other.whole) needed.push_back({none, none, none});
  }
  if (std::all_of(needed.begin(), needed.end(), [&](const Way& way) { return covers(axis, way); })) return false;
  std::vector<std::string> notes, from;
  for (const auto& f : axis.from) from.push_back(way_text(c, {f.table, f.link, f.list}));
  notes.push_back(quote(axis.name) + " takes rows from " + listed(from) + " only, " + text_of(axis.place));
  if (wire.via.axis == none)
    notes.push_back("add \"" + via_words(c, wire.via) +
                    "\" to its 'from', or compute the tensor on the table's own axis");
  else notes.push_back("gather from the table's own axis " + quote(c.plan.tables[index(axis.table)].name));
  c.error(c.document.inside(*draft.item, draft.via_at + 1), "axis-not-covering",
          "the axis " + quote(axis.name) + " does not hold all that " + via_words(c, wire.via) + " reaches", notes);
  return true;
}

// Event rows of a table that is not trained on are not in a batch.
bool other_rows(Checker& c, const WireDraft& draft, int axis) {
  const auto& plan = c.plan.axes[index(axis)];
  if (c.plan.train.rows == none || !c.plan.tables[index(plan.table)].event() || plan.table == c.plan.train.rows)
    return false;
  const auto& rows = c.plan.tables[index(c.plan.train.rows)];
  c.error(draft.item->place, "other-rows",
          quote(plan.name) + " is not in a batch: batches are rows of " + quote(rows.name),
          {"[train] rows = \"" + rows.name + "\"; " + quote(plan.name) + " is declared at " + text_of(plan.place)});
  return true;
}

}  // namespace

std::vector<std::string> ways_to(const Checker& c, int axis, bool links, bool lists) {
  std::vector<std::string> out;
  const auto& plan = c.plan.axes[index(axis)];
  for (const auto& way : all_ways(c, plan.table))
    if (covers(plan, way) && (way.link != none ? links : lists)) out.push_back(way_text(c, way));
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
      if (flow.known && one.wire.via.any() && !flow.type.dims.empty() &&
          via_target(c, one.wire.via) != c.plan.axes[index(flow.type.dims[0].axis)].table)
        continue;
      draft = one;
      source = flow;
      break;
    }
    draft.others.clear();
  }
  auto& wire = draft.wire;
  if (!source.known) return false;
  if (source.type.dims.empty()) {
    if (!wire.via.any()) return draft.flow = std::move(source), true;
    c.error(c.document.inside(*draft.item, draft.via_at), "bad-wire",
            source_words(draft) + " is one number for the batch: it is not gathered", {"leave [ ] out"});
    return false;
  }
  wire.axis = wire.to_axis = source.type.dims[0].axis;
  if (wire.axis == none || other_rows(c, draft, wire.axis)) return false;
  if (wire.via.any()) {
    const int target = via_target(c, wire.via);
    if (target == none) return false;
    if (target != c.plan.axes[index(wire.axis)].table) return wrong_table(c, draft, target);
    if (not_covered(c, draft)) return false;
    wire.to_axis = wire.via.rows();
    if (other_rows(c, draft, wire.to_axis)) return false;
    put_via(c, wire.via, source, wire.to_axis);
  }
  draft.flow = std::move(source);
  return true;
}

}  // namespace braid::recipe
