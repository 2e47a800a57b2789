// Wires by name: what "node.port[table.link]" is.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

struct Part {
  std::string text;
  std::size_t at = 0;
};

bool is_glob(const std::string& text) { return text.find_first_of("*?") != std::string::npos; }

// One wire's text, resolved name by name. Every error carries the place inside the string.
class WireText {
 public:
  WireText(Checker& c, const Item& item) : c_(c), item_(item) {}

  std::vector<WireDraft> read() {
    WireDraft draft;
    draft.item = &item_;
    draft.text = item_.text;
    draft.place = item_.place;
    if (!split()) return {draft};
    if (!via_.empty() && !resolve_via(draft)) return {draft};
    return resolve_source(draft);
  }

 private:
  Place at(std::size_t offset) const { return c_.document.inside(item_, offset); }
  bool fail(std::size_t offset, std::string tag, std::string what, Notes notes = {}) {
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

  bool resolve_via(WireDraft& draft) {
    draft.via_at = via_at_;
    const auto axis = c_.plan.axes.find(via_[0].text);
    if (!axis) {
      if (c_.broken_axes.contains(via_[0].text)) return false;
      Notes notes;
      std::vector<std::string> names;
      for (const auto& a : c_.plan.axes) names.push_back(a.name);
      note_choices(notes, via_[0].text, names);
      return fail(via_[0].at, "unknown-axis", "no table or axis " + quote(via_[0].text), notes);
    }
    const auto& plan = c_.plan.axes[*axis];
    if (via_[1].text == "row") {
      draft.via = Via{*axis, AxisRow{}};
      return true;
    }
    const auto& table = c_.plan.tables[plan.table];
    if (!plan.standard && !table.event())
      return fail(via_[1].at, "unknown-link", "the axis " + quote(plan.name) + " has no " + quote(via_[1].text),
                  {"write [" + plan.name + ".row], or a link of an event table"});
    if (const auto link = table.links.find(via_[1].text)) {
      draft.via = Via{*axis, TableLink{plan.table, *link}};
      return true;
    }
    if (const auto list = table.lists.find(via_[1].text)) {
      draft.via = Via{*axis, TableList{plan.table, *list}};
      return true;
    }
    if (c_.broken_names.contains({plan.table, via_[1].text})) return false;
    Notes notes;
    std::vector<std::string> names;
    for (const auto& l : table.links) names.push_back(l.name);
    for (const auto& l : table.lists) names.push_back(l.name);
    note_choices(notes, via_[1].text, names);
    return fail(via_[1].at, "unknown-link",
                "table " + quote(table.name) + " has no link or list " + quote(via_[1].text), notes);
  }

  std::vector<WireDraft> resolve_source(WireDraft& draft) {
    const auto axis = c_.plan.axes.find(names_[0].text);
    if (const auto node = c_.nodes.find(names_[0].text)) {
      if (axis) return {draft};  // two things of one name: that was said
      draft.known = from_node(draft, *node);
      return {draft};
    }
    if (axis) return from_axis(draft, *axis);
    if (c_.broken_axes.contains(names_[0].text)) return {draft};
    Notes notes;
    std::vector<std::string> names;
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

  bool from_node(WireDraft& draft, DraftId k) {
    const auto& node = c_.nodes[k];
    draft.source = OutputOf<DraftId>{k, 0};
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
    draft.source = OutputOf<DraftId>{k, static_cast<std::size_t>(found - node.flow_names.begin())};
    if (found != node.flow_names.end()) return true;
    Notes notes;
    note_choices(notes, names_[1].text, node.flow_names);
    notes.push_back(declared);
    return fail(names_[1].at, "unknown-output",
                quote(node.found.schema->name) + " has no output " + quote(names_[1].text), notes);
  }

  std::vector<WireDraft> from_axis(WireDraft& draft, AxisId k) {
    const auto& axis = c_.plan.axes[k];
    const auto& table = c_.plan.tables[axis.table];
    draft.axis = k;
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

  std::vector<WireDraft> glob(const WireDraft& draft, const TablePlan& table, TableId number) {
    std::vector<WireDraft> out;
    for (const auto k : table.fields.ids()) {
      if (!glob_matches(names_[1].text, table.fields[k].name)) continue;
      auto one = draft;
      one.known = field(one, number, k);
      one.text = item_.text;
      one.text.replace(names_[1].at, names_[1].text.size(), table.fields[k].name);
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

  bool field(WireDraft& draft, TableId table, FieldId k) {
    draft.source = FieldOutput{k, 0};
    const auto& plan = c_.plan.tables[table].fields[k];
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
    draft.source = FieldOutput{k, static_cast<std::size_t>(found - outputs.begin())};
    if (found != outputs.end()) return true;
    Notes notes;
    note_choices(notes, names_[2].text, outputs);
    return fail(names_[2].at, "unknown-output", quote(plan.use.component) + " has no output " + quote(names_[2].text),
                notes);
  }

  bool one_of(WireDraft& draft, const TablePlan& table, const AxisPlan& axis) {
    const auto& name = names_[1].text;
    if (const auto one = table.fields.find(name)) return field(draft, axis.table, *one);
    if (names_.size() > 2) return fail(names_[2].at, "bad-wire", "only fields have outputs of their own");
    draft.port_name = name;
    if (name == "key") return draft.source = KeyOf{}, true;
    if (name == "row") return draft.source = RowOf{}, true;
    if (name == "count" && !table.event()) return draft.source = CountOf{}, true;
    if (axis.standard) {
      if (const auto label = table.labels.find(name)) return draft.source = LabelOf{*label}, true;
      if (const auto link = table.links.find(name)) return draft.source = LinkKey{*link}, true;
      if (table.lists.find(name))
        return fail(names_[1].at, "bad-wire", quote(table.name + "." + name) + " is a list: it carries other tensors",
                    {"write \"node.port[" + table.name + "." + name + "]\""});
    }
    if (c_.broken_names.contains({axis.table, name})) return false;
    Notes notes;
    std::vector<std::string> names;
    for (const auto& f : table.fields) names.push_back(f.name);
    if (axis.standard) {
      for (const auto& l : table.labels) names.push_back(l.name);
      for (const auto& l : table.links) names.push_back(l.name);
    }
    names.push_back("key");
    names.push_back("row");
    if (!table.event()) names.push_back("count");
    note_choices(notes, name, names);
    const auto& columns = c_.columns[axis.table];
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
      draft.stop = true;
      for (auto& other : draft.others) other.stop = true;
    }
  return out;
}

}  // namespace braid::recipe
