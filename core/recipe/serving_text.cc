// The serving side of a plan as a recipe's text: the resolved recipe, cut down to what serving reads.
#include "recipe/checker.h"
#include "recipe/serving.h"
#include "recipe/words.h"

#include <algorithm>
#include <stdexcept>

namespace braid::recipe {

namespace {

std::size_t index(int k) { return static_cast<std::size_t>(k); }

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
  std::vector<bool> fields, links, labels, lists;
  bool any = false;
};

class Text {
 public:
  Text(const Plan& plan, const Serving& side) : plan_(plan), side_(side), nodes_(plan.nodes.size(), false) {
    Report report;
    if (!document_.load(plan.recipe, &plan.resolved, report) || !report.clean())
      throw std::logic_error("the resolved recipe of " + plan.recipe + " cannot be read");
    for (const auto& table : plan.tables)
      tables_.push_back({std::vector<bool>(table.fields.size()), std::vector<bool>(table.links.size()),
                         std::vector<bool>(table.labels.size()), std::vector<bool>(table.lists.size()), false});
    axes_.assign(plan.axes.size(), false);
    for (std::size_t k = 0; k < plan.nodes.size(); ++k)
      if (side.ahead[k] || side.request[k]) keep(static_cast<int>(k));
    for (const auto& wire : side.outputs) read(wire);
    for (const auto& stored : side.stored) read(stored.wire);
    tables_[index(plan.train.rows)].any = true;
    if (side.candidates != none) link(plan.train.rows, side.candidates);
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
    root.add("train", made(Item::Kind::table)).add("rows", made(plan_.tables[index(plan_.train.rows)].name));
    auto& serve = root.add("serve", made(Item::Kind::table));
    serve.add("outputs", wires(side_.outputs));
    if (side_.candidates != none)
      serve.add("candidates", made(plan_.tables[index(plan_.train.rows)].links[index(side_.candidates)].name));
    return toml_of(root);
  }

 private:
  // ---- what is read ----

  void keep(int k) {
    if (nodes_[index(k)]) return;
    nodes_[index(k)] = true;
    const auto& node = plan_.nodes[index(k)];
    for (const auto& port : node.inputs)
      for (const auto& wire : port) read(wire);
    if (node.same != none) keep(node.same);  // the component lives in its owner, whose wires size it
  }

  void read(const Wire& wire) {
    if (wire.axis != none) axis(wire.axis);
    if (wire.to_axis != none) axis(wire.to_axis);
    if (wire.via.axis != none) axis(wire.via.axis);
    if (wire.via.link != none) link(wire.via.table, wire.via.link);
    if (wire.via.list != none) list(wire.via.table, wire.via.list);
    if (wire.source == Wire::Source::node) return keep(wire.node);
    const int table = plan_.axes[index(wire.axis)].table;
    if (wire.source == Wire::Source::field) tables_[index(table)].fields[index(wire.field)] = true;
    if (wire.source == Wire::Source::label) tables_[index(table)].labels[index(wire.label)] = true;
    if (wire.source == Wire::Source::link) link(table, wire.link);
  }

  void axis(int k) {
    if (axes_[index(k)]) return;
    axes_[index(k)] = true;
    const auto& axis = plan_.axes[index(k)];
    tables_[index(axis.table)].any = true;
    for (const auto& from : axis.from) from.link != none ? link(from.table, from.link) : list(from.table, from.list);
  }

  void link(int table, int k) {
    tables_[index(table)].any = tables_[index(table)].links[index(k)] = true;
    tables_[index(plan_.tables[index(table)].links[index(k)].table)].any = true;
  }

  void list(int table, int k) {
    if (tables_[index(table)].lists[index(k)]) return;
    tables_[index(table)].any = tables_[index(table)].lists[index(k)] = true;
    const auto& list = plan_.tables[index(table)].lists[index(k)];
    tables_[index(list.table)].any = true;
    if (list.of != none) link(table, list.of);
    if (list.by != none) link(table, list.by);
    if (list.per != none) this->list(table, list.per);
  }

  // ---- its text ----

  Made tables() {
    auto out = made(Item::Kind::table);
    for (std::size_t t = 0; t < tables_.size(); ++t)
      if (tables_[t].any)
        out->add(plan_.tables[t].name, table(*document_.root().find("tables")->find(plan_.tables[t].name), t));
    return out;
  }

  Made table(const Item& from, std::size_t t) {
    const auto& plan = plan_.tables[t];
    auto out = made(Item::Kind::table);
    take(from, {"key", "missing"}, *out);
    const auto part = [&](const char* name, const auto& things, const std::vector<bool>& kept, const auto& write) {
      auto items = made(Item::Kind::table);
      for (std::size_t k = 0; k < things.size(); ++k)
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
    for (std::size_t k = 0; k < axes_.size(); ++k)
      if (axes_[k] && !plan_.axes[k].standard)
        out->add(plan_.axes[k].name, copy(*document_.root().find("axes")->find(plan_.axes[k].name)));
    return out;
  }

  Made nodes() {
    auto out = made(Item::Kind::table);
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      if (!nodes_[k]) continue;
      const auto& node = plan_.nodes[k];
      auto item = made(Item::Kind::table);
      const auto& all = *document_.root().find("nodes");
      // A copy has weights of its own in what is exported; the node that they were copied from may not be there.
      const auto& from = node.copy == none ? node.name : plan_.nodes[index(node.copy)].name;
      for (const auto& key : all.find(from)->items)
        if (key->key != "in" && (node.copy == none || (key->key != "frozen" && key->key != "serve")))
          item->add(key->key, copy(*key));
      if (node.copy != none) {
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
  std::vector<bool> nodes_, axes_;
  std::vector<Kept> tables_;
};

}  // namespace

std::string serving_text(const Plan& plan) {
  const auto side = serving(plan);
  if (side.outputs.empty()) throw std::logic_error("serving_text: " + side.trouble);
  return Text(plan, side).text();
}

}  // namespace braid::recipe
