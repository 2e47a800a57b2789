// The checker's order of work, and the plan made of its drafts.
#include "recipe/check.h"

#include "recipe/checker.h"
#include "recipe/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

std::size_t index(int k) { return static_cast<std::size_t>(k); }

constexpr int language = 1;

void read_top(Checker& c) {
  auto& root = c.document.root();
  Keys keys(c.report, root, "the recipe", &section("top"));
  if (const auto* version = keys.find("braid", Item::Kind::whole)) {
    if (version->whole != language)
      c.error(version->place, "language-version",
              "the recipe is written in language " + std::to_string(version->whole) + "; this version of braid reads " +
                  std::to_string(language),
              {"see CHANGELOG for what changed"});
  } else if (!root.find("braid")) {
    c.error({c.plan.recipe, 1, 1}, "language-version", "the recipe does not say its language",
            {"start it with braid = " + std::to_string(language)});
  }
  for (const auto* name :
       {"include", "vars", "tables", "axes", "nodes", "train", "data", "eval", "metrics", "slices", "serve", "spare"})
    keys.find(name);
  if (!c.plan.serving && !root.find("spare")) keys.fill("spare", std::vector<std::string>());
  if (c.plan.serving) {
    keys.find("serving");
    c.plan.lookup_only = keys.boolean("lookup_only");
  } else if (keys.find("serving", Item::Kind::boolean)) {
    keys.find("lookup_only");
  }
  keys.later({"datasets", "stages"});
  keys.finish();
}

Wire final_wire(const Checker& c, const WireDraft& draft) {
  auto wire = draft.wire;
  wire.type = draft.flow.type;
  if (wire.source == Wire::Source::node) wire.node = c.nodes[index(wire.node)].order;
  return wire;
}

std::vector<std::vector<Wire>> final_inputs(const Checker& c, const NodeDraft& node) {
  std::vector<std::vector<Wire>> out;
  for (std::size_t p = 0; p < node.inputs.size(); ++p) {
    auto& port = out.emplace_back();
    for (const auto& draft : node.inputs[p]) port.push_back(final_wire(c, draft));
  }
  return out;
}

}  // namespace

void make_plan(Checker& c) {
  std::vector<int> order;  // only what some loss, metric or output needs
  for (const int k : c.node_order)
    if (c.used_nodes[index(k)]) order.push_back(k);
  for (std::size_t k = 0; k < order.size(); ++k) c.nodes[index(order[k])].order = static_cast<int>(k);
  std::vector<const WireDraft*> readers;
  for (const int k : order) {
    auto& node = c.nodes[index(k)];
    node.plan.inputs = final_inputs(c, node);
    std::size_t flat = 0;
    for (const auto& names : node.output_names) {
      auto& types = node.plan.outputs.emplace_back();
      for (std::size_t n = 0; n < names.size(); ++n) types.push_back(node.flows[flat++].type);
      node.plan.wanted.emplace_back(names.size(), node.plan.trains);
    }
    for (const int o : order) {
      if (c.nodes[index(o)].plan.name == node.same) node.plan.same = c.nodes[index(o)].order;
      if (c.nodes[index(o)].plan.name == node.copy) node.plan.copy = c.nodes[index(o)].order;
    }
    for (const auto& port : node.inputs)
      for (const auto& wire : port) readers.push_back(&wire);
  }
  for (const auto& metric : c.metrics) {
    for (const auto& port : metric.node.inputs)
      for (const auto& wire : port) readers.push_back(&wire);
    c.plan.metrics.push_back(
        {metric.node.plan.name, metric.node.plan.use, final_inputs(c, metric.node), metric.node.plan.place});
  }
  const auto one = [&](const std::optional<WireDraft>& draft, std::optional<Wire>& wire) {
    if (!draft) return;
    readers.push_back(&*draft);
    wire = final_wire(c, *draft);
  };
  one(c.score, c.plan.eval.score);
  one(c.label, c.plan.eval.label);
  one(c.group, c.plan.eval.group);
  for (const auto& draft : c.serve) {
    readers.push_back(&draft);
    c.plan.serve.push_back(final_wire(c, draft));
  }
  for (const auto* wire : readers) {
    if (wire->wire.source != Wire::Source::node) continue;
    auto port = index(wire->wire.port);
    for (auto& names : c.nodes[index(wire->wire.node)].plan.wanted) {
      if (port < names.size()) {
        names[port] = true;
        break;
      }
      port -= names.size();
    }
  }
  for (const int k : order) c.plan.nodes.push_back(std::move(c.nodes[index(k)].plan));
}

namespace {

// Inputs of a distiller that hold the teacher's side carry no gradient.
void detach_teachers(Checker& c) {
  for (auto& node : c.nodes) {
    if (!node.found || node.found.schema->kind != Kind::distiller) continue;
    for (std::size_t p = 0; p < node.inputs.size(); ++p)
      if (node.input_ports[p]->name.starts_with("teacher"))
        for (auto& wire : node.inputs[p]) wire.wire.stop = true;
  }
}

// Sections that have a default for each key are there in every recipe that is trained.
void add_sections(Checker& c) {
  for (const auto* name : {"train", "data", "eval"}) {
    if (c.plan.serving || c.document.root().find(name)) continue;
    auto made = std::make_unique<Item>();
    made->place = made->key_place = {c.plan.recipe, 0, 0};
    made->filled_in = true;
    c.document.root().add(name, std::move(made));
  }
}

}  // namespace

Checked check_into(Checker& c, const std::string& file, const std::string* text, const std::vector<std::string>& sets) {
  Checked out;
  c.plan.recipe = file;
  if (c.document.load(file, text, c.report)) {
    c.document.apply(sets, c.report);
    c.document.fill_in(c.report);
    if (const auto* serving = c.document.root().find("serving"); serving && serving->boolean) {
      c.plan.serving = true;
      c.files = false;
    }
    add_sections(c);
    read_top(c);
    read_runs(c);
    read_tables(c);
    read_axes(c);
    read_nodes(c);
    read_eval(c);
    read_train(c);
    read_slices(c);
    detach_teachers(c);
    order_nodes(c);
    type_nodes(c);
    type_eval(c);
    check_reach(c);
    check_runs(c);
    check_serving(c);
    if (c.report.clean()) {
      c.plan.files = c.document.files();
      c.resolved = resolved_tree(c);
      c.plan.resolved = toml_of(*c.resolved);
      make_plan(c);
      out.plan = std::move(c.plan);
    }
  }
  auto order = c.document.files();  // problems are told in this order
  for (const auto& one : sets) order.push_back("--set " + one);
  c.report.hand_over(order, out);
  return out;
}

Checked check(const std::string& recipe_file, const std::vector<std::string>& sets, const World& world,
              const Fitted& fitted) {
  Checker c(world, fitted);
  return check_into(c, recipe_file, nullptr, sets);
}

Checked check_text(const std::string& text, const std::string& name, const std::vector<std::string>& sets,
                   const World& world, const Fitted& fitted) {
  Checker c(world, fitted);
  return check_into(c, name, &text, sets);
}

}  // namespace braid::recipe
