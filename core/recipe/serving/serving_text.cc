// The serving side of a plan as a recipe's text: the resolved recipe, cut down to what serving reads.
#include "recipe/document/document.h"
#include "recipe/document/toml_text.h"
#include "recipe/document/words.h"
#include "recipe/serving/serving.h"

#include <algorithm>
#include <stdexcept>

namespace braid::recipe {

namespace {

using Made = std::unique_ptr<Item>;

Made made(Item::Kind kind) {
  auto item = std::make_unique<Item>();
  item->kind = kind;
  return item;
}
Made made(const std::string& text) {
  auto item = made(Item::Kind::text);
  item->text = text;
  return item;
}
Made made(bool value) {
  auto item = made(Item::Kind::boolean);
  item->boolean = value;
  return item;
}

// Copies keys of `from` that are there.
void take(const Item& from, std::initializer_list<const char*> keys, Item& to) {
  for (const auto* key : keys)
    if (const auto* item = from.find(key)) to.add(key, copy(*item));
}

// What of one table serving reads; by number.
struct Kept {
  Indexed<FieldId, bool> fields;
  Indexed<LinkId, bool> links;
  Indexed<LabelId, bool> labels;
  Indexed<ListId, bool> lists;
  bool any = false;
};

class Text {
 public:
  Text(const Plan& plan, const Serving& side) : plan_(plan), side_(side), nodes_(plan.nodes.size(), false) {
    Report report;
    if (!document_.load(plan.recipe, &plan.resolved, report) || !report.clean())
      throw std::logic_error("the resolved recipe of " + plan.recipe + " cannot be read");
    for (const auto& table : plan.tables)
      tables_.push_back({Indexed<FieldId, bool>(table.fields.size()), Indexed<LinkId, bool>(table.links.size()),
                         Indexed<LabelId, bool>(table.labels.size()), Indexed<ListId, bool>(table.lists.size()),
                         false});
    axes_.assign(plan.axes.size(), false);
    for (const auto k : plan.nodes.ids())
      if (side.ahead[k] || side.request[k]) keep(k);
    for (const auto& wire : side.outputs) read(wire);
    for (const auto& stored : side.stored) read(stored.wire);
    tables_[*plan.train.rows].any = true;
    if (side.candidates) link({*plan.train.rows, *side.candidates});
  }

  std::string text() {
    Item root;
    auto language = made(Item::Kind::whole);
    language->whole = document_.root().find("braid")->whole;
    root.add("braid", std::move(language));
    root.add("serving", made(true));
    root.add("tables", tables());
    if (auto made_axes = axes(); !made_axes->items.empty()) root.add("axes", std::move(made_axes));
    root.add("nodes", nodes());
    root.add("train", made(Item::Kind::table)).add("rows", made(plan_.driving().name));
    auto& serve = root.add("serve", made(Item::Kind::table));
    serve.add("outputs", wires(side_.outputs));
    if (side_.candidates) serve.add("candidates", made(plan_.driving().links[*side_.candidates].name));
    return toml_of(root);
  }

 private:
  // ---- what is read ----

  void keep(NodeId k) {
    if (nodes_[k]) return;
    nodes_[k] = true;
    const auto& node = plan_.nodes[k];
    for (const auto& port : node.inputs)
      for (const auto& wire : port) read(wire);
    if (node.same) keep(*node.same);  // the component lives in its owner, whose wires size it
  }

  void read(const Wire& wire) {
    if (wire.axis) axis(*wire.axis);
    if (const auto to = wire.to_axis()) axis(*to);
    if (wire.via && wire.via->link()) link(*wire.via->link());
    if (wire.via && wire.via->list()) list(*wire.via->list());
    if (const auto* from = wire.node()) return keep(from->node);
    const auto table = plan_.axes[*wire.axis].table;
    if (const auto* from = wire.field()) tables_[table].fields[from->field] = true;
    if (const auto* from = std::get_if<LabelOf>(&wire.source)) tables_[table].labels[from->label] = true;
    if (const auto* from = std::get_if<LinkKey>(&wire.source)) link({table, from->link});
  }

  void axis(AxisId k) {
    if (axes_[k]) return;
    axes_[k] = true;
    const auto& axis = plan_.axes[k];
    tables_[axis.table].any = true;
    for (const auto& way : axis.from)
      std::visit(Cases{[&](const TableLink& one) { link(one); }, [&](const TableList& one) { list(one); }}, way);
  }

  void link(const TableLink& link) {
    tables_[link.table].any = tables_[link.table].links[link.link] = true;
    tables_[plan_[link].table].any = true;
  }

  void list(const TableList& list) {
    auto& kept = tables_[list.table];
    if (kept.lists[list.list]) return;
    kept.any = kept.lists[list.list] = true;
    tables_[plan_[list].table].any = true;
    const auto link = [&](LinkId id) { this->link({list.table, id}); };
    std::visit(Cases{[&](const ListPlan::History& history) { link(history.of), link(history.by); },
                     [&](const ListPlan::Draw& draw) {
                       if (draw.per) this->list({list.table, *draw.per});
                     },
                     [&](const ListPlan::Keys& keys) {
                       if (keys.through) link(*keys.through);
                     },
                     [&](const ListPlan::After& after) {
                       this->list({list.table, after.base});
                     }},
               plan_[list].how);
  }

  // ---- its text ----

  Made tables() {
    auto out = made(Item::Kind::table);
    for (const auto t : plan_.tables.ids())
      if (tables_[t].any)
        out->add(plan_.tables[t].name, table(*document_.root().find("tables")->find(plan_.tables[t].name), t));
    return out;
  }

  Made table(const Item& from, TableId t) {
    const auto& plan = plan_.tables[t];
    auto out = made(Item::Kind::table);
    take(from, {"key", "missing"}, *out);
    const auto part = [&](const char* name, const auto& things, const auto& kept, const auto& write) {
      auto items = made(Item::Kind::table);
      for (const auto k : things.ids())
        if (kept[k]) items->add(things[k].name, write(*from.find(name), things[k]));
      if (!items->items.empty()) out->add(name, std::move(items));
    };
    const auto same = [](const Item& section, const auto& thing) { return copy(*section.find(thing.name)); };
    part("fields", plan.fields, tables_[t].fields,
         [&](const Item& section, const FieldPlan& f) { return field(section, f); });
    part("links", plan.links, tables_[t].links, same);
    part("labels", plan.labels, tables_[t].labels, same);
    part("lists", plan.lists, tables_[t].lists, same);  // whole: a run may be a teacher, whose lists are made again
    return out;
  }

  // A field of its own, also where one item declares several by a range of names.
  static Made field(const Item& section, const FieldPlan& plan) {
    if (const auto* item = section.find(plan.name); item && !item->find("names")) return copy(*item);
    for (const auto& item : section.items) {
      const auto* range = item->find("names");
      if (!range || !among_range(range->text, plan.name)) continue;
      auto out = made(Item::Kind::table);
      for (const auto& key : item->items)
        if (key->key != "names" && key->key != "from") out->add(key->key, copy(*key));
      if (plan.media.empty()) out->add("from", made(plan.name));  // what the checker would fill in
      return out;
    }
    throw std::logic_error("field " + plan.name + " is not in the resolved recipe");
  }

  // Whether "C{1..26}" gives `name`; the checker has read the range before.
  static bool among_range(const std::string& range, const std::string& name) {
    const auto open = range.find('{'), close = range.find('}');
    if (open == std::string::npos) return range == name;
    const auto head = range.substr(0, open), tail = range.substr(close + 1);
    if (name.size() <= head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail)) return false;
    const auto digits = name.substr(head.size(), name.size() - head.size() - tail.size());
    if (digits.find_first_not_of("0123456789") != std::string::npos || digits.size() > 6) return false;
    const auto dots = range.find("..", open);
    const int k = std::stoi(digits);
    return k >= std::stoi(range.substr(open + 1)) && k <= std::stoi(range.substr(dots + 2));
  }

  Made axes() {
    auto out = made(Item::Kind::table);
    for (const auto k : axes_.ids())
      if (axes_[k] && !plan_.axes[k].standard)
        out->add(plan_.axes[k].name, copy(*document_.root().find("axes")->find(plan_.axes[k].name)));
    return out;
  }

  Made nodes() {
    auto out = made(Item::Kind::table);
    for (const auto k : nodes_.ids()) {
      if (!nodes_[k]) continue;
      const auto& node = plan_.nodes[k];
      auto item = made(Item::Kind::table);
      const auto& all = *document_.root().find("nodes");
      // A copy has weights of its own in what is exported; the node that they were copied from may not be there.
      const auto& from = node.copy ? plan_.nodes[node.copy->of].name : node.name;
      for (const auto& key : all.find(from)->items)
        if (key->key != "in" && (!node.copy || (key->key != "frozen" && key->key != "serve")))
          item->add(key->key, copy(*key));
      if (node.copy) {
        item->add("frozen", made(true));
        if (const auto* serve = all.find(node.name)->find("serve")) item->add("serve", copy(*serve));
      }
      auto ports = made(Item::Kind::table);
      std::size_t p = 0;
      for (const auto& port : node.use.schema.ports) {
        if (port.output) continue;
        if (!node.inputs[p].empty()) ports->add(port.name, wires(node.inputs[p]));
        ++p;
      }
      item->add("in", std::move(ports));
      out->add(node.name, std::move(item));
    }
    return out;
  }

  // Wires as they were understood: globs and `first` are decided.
  static Made wires(const std::vector<Wire>& wires) {
    auto out = made(Item::Kind::array);
    for (const auto& wire : wires) {
      auto item = made(wire.text);
      if (wire.stop) {
        auto stopped = made(Item::Kind::table);
        stopped->add("from", std::move(item));
        stopped->add("stop", made(true));
        item = std::move(stopped);
      }
      out->items.push_back(std::move(item));
    }
    return out;
  }

  const Plan& plan_;
  const Serving& side_;
  Document document_;
  Indexed<NodeId, bool> nodes_;
  Indexed<AxisId, bool> axes_;
  Indexed<TableId, Kept> tables_;
};

}  // namespace

std::string serving_text(const Plan& plan) {
  const auto side = serving(plan);
  if (side.outputs.empty()) throw std::logic_error("serving_text: " + side.trouble);
  return Text(plan, side).text();
}

}  // namespace braid::recipe
