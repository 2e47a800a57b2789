// [nodes]: components, parameters, and their wires by name.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

const std::vector<Kind> node_kinds = {Kind::tower, Kind::fusion, Kind::ranker, Kind::bank, Kind::loss, Kind::distiller};

void list_ports(NodeDraft& node) {
  for (const auto& port : node.found.schema->ports)
    (port.output ? node.output_ports : node.input_ports).push_back(&port);
  node.inputs.resize(node.input_ports.size());
  for (const auto* port : node.output_ports) {
    std::vector<std::string> names{port->name};
    if (!port->named_by.empty()) {
      names.clear();
      const auto value = node.plan.use.values.find(port->named_by);
      if (value != node.plan.use.values.end())
        if (const auto* given = std::get_if<std::vector<std::string>>(&value->second)) names = *given;
    }
    for (const auto& name : names) node.flow_names.push_back(name);
    node.output_names.push_back(std::move(names));
  }
  node.flows.resize(node.flow_names.size());
}

// `serve = "ahead" | "request"`, unless the component has a parameter of that name.
void read_serve(Checker& c, NodeDraft& node, Keys& keys) {
  if (node.found.schema->param("serve")) return;
  if (node.plan.trains)
    if (auto* serve = keys.find("serve"))
      return c.error(serve->key_place, "unknown-key", "'serve' belongs to nodes that are served; losses never are");
  const auto serve = keys.choice("serve");
  using Serve = NodePlan::Serve;
  node.plan.serve = serve == "ahead" ? Serve::ahead : serve == "request" ? Serve::request : Serve::automatic;
}

// `weights = { file, ... }`, unless the component has a parameter of that name.
void read_weights(Checker& c, NodeDraft& node, Keys& keys) {
  if (node.found.schema->param("weights")) return;
  auto* item = keys.find("weights", Item::Kind::table);
  if (!item) return;
  Keys inner(c.report, *item, "the weights of " + quote(node.plan.name), &section("weights"));
  auto& weights = node.plan.weights;
  weights.place = item->key_place;
  if (auto* file = inner.required("file", Item::Kind::text, "say which file: file = \"encoder.safetensors\"")) {
    weights.file = joined_path(file->folder, file->text);
    file->folder.clear();
    file->written.clear();
    file->text = weights.file;
    if (!c.world.started && c.absent(weights.file))
      c.error(file->place, "missing-file", "no file " + quote(weights.file));
  }
  if (const auto* prefix = inner.find("prefix", Item::Kind::text)) weights.prefix = prefix->text;
  if (auto* names = inner.find("names", Item::Kind::table))
    for (const auto& name : names->items) {
      name->used = true;
      if (demand(c.report, *name, Item::Kind::text, "the name of " + quote(name->key) + " in the file"))
        weights.names[name->key] = name->text;
    }
  if (auto* files = inner.find("keys", Item::Kind::table))
    for (const auto& file : files->items) {
      file->used = true;
      if (!demand(c.report, *file, Item::Kind::text, "the file with the values of the rows of " + quote(file->key)))
        continue;
      file->text = weights.keys[file->key] = joined_path(file->folder, file->text);
      file->folder.clear();
      file->written.clear();
      if (!c.world.started && c.absent(file->text))
        c.error(file->place, "missing-file", "no file " + quote(file->text));
    }
  weights.transpose = inner.boolean("transpose");
  inner.finish();
  const auto& own = node.found.schema->weights;
  if (own.empty() && !weights.file.empty())
    c.error(item->key_place, "unknown-key", quote(node.found.schema->name) + " has no weights");
}

// What a node says besides its parameters and wires.
void read_own(Checker& c, NodeDraft& node, Keys& keys) {
  const auto kind = node.found.schema->kind;
  node.plan.trains = kind == Kind::loss || kind == Kind::distiller;
  if (node.plan.trains) node.plan.weight = read_scalar(keys, "weight", 1.0, 0.0, {});
  else if (auto* weight = keys.find("weight"); weight)
    c.error(weight->key_place, "unknown-key",
            "only losses have a weight; " + quote(node.plan.name) + " is " + with_article(name_of(kind)));
  node.plan.frozen = keys.boolean("frozen");
  read_weights(c, node, keys);
  keys.later({"lora"});
  keys.refuse("run", "unknown-key", "a node has 'use' or 'run', not both");
  keys.refuse("copy", "unknown-key", "a node has 'use' or 'copy', not both",
              {"a node with 'copy' has the other's component: leave 'use' out"});
  keys.refuse("every", "unknown-key", "'every' belongs to a node with 'copy'");
  read_serve(c, node, keys);
  if (!node.found.schema->param("losses"))
    keys.refuse("losses", "not-yet", "'losses' belongs to data sets and stages, which this version does not carry out");
  keys.refuse("stop", "unknown-key", keys.what() + " has no key 'stop'",
              {"a stopped gradient is said in the wire: in.x = { from = \"node.port\", stop = true }"});
}

void read_scalars(NodeDraft& node, Keys& keys) {
  for (const auto& scalar : node.found.schema->scalars)
    node.plan.scalars.push_back(read_scalar(keys, scalar.name, scalar.fallback, scalar.low, scalar.high));
}

}  // namespace

// Wires by port: of `in = {...}`, one table for nodes and metrics.
void read_inputs(Checker& c, NodeDraft& node, Keys& keys) {
  auto* in = keys.find("in", Item::Kind::table);
  if (!in) return;
  Keys ports(c.report, *in, quote(node.plan.name));
  for (std::size_t k = 0; k < node.input_ports.size(); ++k) {
    const auto& port = *node.input_ports[k];
    auto* item = ports.find(port.name);
    if (!item) continue;
    node.inputs[k] = read_wires(c, *item, true);
    for (const auto& wire : node.inputs[k]) node.inputs_known = node.inputs_known && wire.known;
    if (!port.repeated && node.inputs[k].size() > 1) {
      c.error(item->place, "too-many-wires",
              quote(node.plan.name + "." + port.name) + " takes one wire; " +
                  (item->is(Item::Kind::text) ? quote(item->text) + " gives " : "here are ") +
                  std::to_string(node.inputs[k].size()),
              {"a fusion joins several"});
      node.inputs[k].resize(1);
      node.lacks_input = true;
    }
  }
  for (const auto& item : in->items) {
    if (item->used) continue;
    item->used = true;
    Notes notes;
    std::vector<std::string> names;
    for (const auto* port : node.input_ports) names.push_back(port->name);
    note_choices(notes, item->key, names);
    c.error(item->key_place, "unknown-input", quote(node.found.schema->name) + " has no input " + quote(item->key),
            notes);
    node.inputs_known = false;
    node.unknown_inputs = true;
  }
}

namespace {

void read_node(Checker& c, NodeDraft& node) {
  auto& item = *node.item;
  Keys keys(c.report, item, "node " + quote(item.key), &section("node"));
  if (auto* same = item.find("same")) {
    keys.reads(section("same"));
    keys.find("same", Item::Kind::text);
    keys.refuse("use", "unknown-key", "a node has 'use' or 'same', not both",
                {"a node with 'same' runs the other's component: leave 'use' out"});
    node.same_item = same;
    if (same->is(Item::Kind::text)) node.same = same->text;
    return;  // its component is known after all others are read
  }
  if (auto* copy = item.find("copy"); copy && !item.find("use")) {
    keys.reads(section("copy"));
    keys.find("copy", Item::Kind::text);
    node.copy_item = copy;
    if (copy->is(Item::Kind::text)) node.copy = copy->text;
    return;  // the same
  }
  if (!item.find("use") && item.from_set) {  // a --set into a node that is not there
    Notes notes;
    std::vector<std::string> names;
    for (const auto& other : c.nodes)
      if (&other != &node) names.push_back(other.plan.name);
    note_choices(notes, item.key, names);
    keys.accept_all();
    return c.error(item.key_place, "unknown-node", "no node " + quote(item.key), notes);
  }
  const auto* use = keys.required("use", Item::Kind::text, "name the component: use = \"mlp\"");
  node.found = use ? c.cards.find(*use, node_kinds, c.report) : Found{};
  if (!node.found) return;
  const auto before = c.report.doubts();
  node.plan.use = read_use(keys, node.found, [&](const std::string& path) { return c.absent(path); });
  read_scalars(node, keys);
  list_ports(node);
  read_own(c, node, keys);
  keys.find("in");
  keys.finish();
  node.doubtful = c.report.doubts() > before;
}

// The node that `same` or `copy` names, nullptr when that was reported.
NodeDraft* target_of(Checker& c, const NodeDraft& node, const std::string& name, const Item& said) {
  std::vector<std::string> names;
  for (auto& other : c.nodes) {
    if (&other == &node) continue;
    if (other.plan.name == name) return &other;
    if (!other.same_item && !other.copy_item) names.push_back(other.plan.name);
  }
  Notes notes;
  note_choices(notes, name, names);
  c.error(said.place, "unknown-node", "no other node " + quote(name), notes);
  return nullptr;
}

void no_parameters(Keys& keys, const NodeDraft& target, const char* word, const char* tag) {
  const auto refuse = [&](const std::string& name) {
    keys.refuse(name, tag, std::string("a node with '") + word + "' has no parameters of its own",
                {"say it in " + quote(target.plan.name) + ", " + text_of(target.plan.place)});
  };
  for (const auto& param : target.found.schema->params) refuse(param.name.substr(0, param.name.find('.')));
  for (const auto& scalar : target.found.schema->scalars) refuse(scalar.name);
}

// A node that runs another's component has that one's values and its own wires.
void read_same(Checker& c, NodeDraft& node) {
  const auto* target = target_of(c, node, node.same, *node.same_item);
  if (!target) return;
  if (target->same_item)
    return c.error(node.same_item->place, "bad-same", quote(node.same) + " runs another node's component itself",
                   {"write same = \"" + target->same + "\""});
  if (!target->found) return;
  node.found = target->found;
  node.plan.use = target->plan.use;
  node.plan.scalars = target->plan.scalars;
  node.plan.frozen = target->plan.frozen;
  node.doubtful = target->doubtful;
  list_ports(node);
  node.plan.trains = target->plan.trains;
  Keys keys(c.report, *node.item, "node " + quote(node.plan.name), &section("same"));
  for (const auto* name : {"same", "in"}) keys.find(name);
  if (node.plan.trains) node.plan.weight = read_scalar(keys, "weight", 1.0, 0.0, {});
  read_serve(c, node, keys);
  no_parameters(keys, *target, "same", "bad-same");
  keys.finish();
}

// A node whose weights are another's of some steps ago: a component of its own with that one's values, frozen.
void read_copy(Checker& c, NodeDraft& node) {
  const auto* target = target_of(c, node, node.copy, *node.copy_item);
  if (!target) return;
  Keys keys(c.report, *node.item, "node " + quote(node.plan.name), &section("copy"));
  for (const auto* name : {"copy", "in"}) keys.find(name);
  if (const auto* every =
          keys.required("every", Item::Kind::whole, "say after how many steps weights are copied: every = 1000")) {
    node.copy_every = every->whole;
    if (every->whole < 1)
      c.error(every->place, "out-of-range", "'every' is " + std::to_string(every->whole) + "; it is at least 1");
  }
  const auto refuse = [&](const std::string& what, Notes notes) {
    c.error(node.copy_item->place, "bad-copy", what, std::move(notes));
    keys.accept_all();
  };
  if (target->same_item || target->copy_item)
    return refuse(quote(node.copy) + " has no weights of its own making",
                  {"write copy = \"" + (target->same_item ? target->same : target->copy) + "\""});
  if (!target->plan.weights_file.empty())
    return refuse(quote(node.copy) + " is a node of a run and never changes", {"wire it as it is"});
  if (!target->found) return keys.accept_all();
  if (target->plan.trains) return refuse(quote(node.copy) + " is a loss; nothing reads a copy of it", {});
  node.found = target->found;
  node.plan.use = target->plan.use;
  node.plan.scalars = target->plan.scalars;
  node.plan.frozen = true;
  node.doubtful = target->doubtful;
  list_ports(node);
  read_serve(c, node, keys);
  keys.refuse("frozen", "bad-copy", "a copy is frozen always", {"leave 'frozen' out"});
  no_parameters(keys, *target, "copy", "bad-copy");
  keys.finish();
}

}  // namespace

void setup_ports(NodeDraft& node) { list_ports(node); }

void read_nodes(Checker& c) {
  auto* nodes = c.section("nodes");
  if (!nodes) return;
  for (const auto& item : nodes->items) {
    item->used = true;
    good_name(c, *item, "a node");
    for (const auto& axis : c.plan.axes)
      if (axis.name == item->key)
        c.error(item->key_place, "name-clash",
                std::string(axis.standard ? "a table" : "an axis") + " is called " + quote(item->key) + " already",
                {"it stands at " + text_of(axis.place)});
    if (std::any_of(c.runs.begin(), c.runs.end(), [&](const RunDraft& run) { return run.item == item.get(); }))
      continue;  // its nodes come with the run
    NodeDraft node;
    node.item = item.get();
    node.plan.name = item->key;
    node.plan.place = item->key_place;
    if (!demand(c.report, *item, Item::Kind::table, "node " + quote(item->key))) node.item = nullptr;
    c.nodes.push_back(std::move(node));
  }
  for (auto& node : c.nodes)
    if (node.item) read_node(c, node);
  const auto own = c.nodes.ids();
  add_run_nodes(c);
  for (const auto k : own)
    if (auto& node = c.nodes[k]; node.item && node.copy_item && !node.copy.empty()) read_copy(c, node);
  for (const auto k : own)
    if (auto& node = c.nodes[k]; node.item && node.same_item && !node.same.empty()) read_same(c, node);
  for (const auto k : own) {  // wires last: they name other nodes' outputs
    auto& node = c.nodes[k];
    if (!node.item || !node.found) continue;
    Keys keys(c.report, *node.item, "node " + quote(node.plan.name));
    read_inputs(c, node, keys);
  }
}

}  // namespace braid::recipe
