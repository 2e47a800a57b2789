// The checker's order of work, and the plan made of its drafts.
#include "recipe/check/check.h"

#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <stdexcept>

namespace braid::recipe {

namespace {

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

// What the plan calls a draft's source. All that a wire of the plan reads is in the plan.
Source final_source(const Checker& c, const WireDraft& draft) {
  return std::visit(Cases{[](const std::monostate&) -> Source { throw std::logic_error("a wire without a source"); },
                          [&](const OutputOf<DraftId>& from) -> Source {
                            return NodeOutput{c.nodes[from.node].number.value(), from.output};
                          },
                          [](const auto& from) -> Source { return from; }},
                    draft.source);
}

Wire final_wire(const Checker& c, const WireDraft& draft) {
  return {final_source(c, draft), draft.axis, draft.via, draft.stop, {}, draft.inserted, draft.text, draft.place};
}

std::vector<std::vector<Wire>> final_inputs(const Checker& c, const NodeDraft& node) {
  std::vector<std::vector<Wire>> out;
  for (std::size_t p = 0; p < node.inputs.size(); ++p) {
    auto& port = out.emplace_back();
    for (const auto& draft : node.inputs[p]) port.push_back(final_wire(c, draft));
  }
  return out;
}

// Whether an output is read by somebody.
void mark_wanted(Checker& c, const WireDraft& wire) {
  const auto* from = wire.node();
  if (!from) return;
  auto output = from->output;
  for (auto& names : c.nodes[from->node].plan.wanted) {
    if (output < names.size()) {
      names[output] = true;
      return;
    }
    output -= names.size();
  }
}

std::optional<NodeId> number_of(const Checker& c, const std::string& name) {
  const auto draft = name.empty() ? std::nullopt : c.nodes.find(name);
  return draft ? c.nodes[*draft].number : std::nullopt;
}

}  // namespace

void make_plan(Checker& c) {
  std::vector<DraftId> order;  // only what some loss, metric or output needs
  for (const auto k : c.node_order)
    if (c.used_nodes[k]) c.nodes[k].number = NodeId{order.size()}, order.push_back(k);
  for (const auto k : order) {
    auto& node = c.nodes[k];
    node.plan.inputs = final_inputs(c, node);
    for (const auto& names : node.output_names) {
      node.plan.outputs.emplace_back(names.size());
      node.plan.wanted.emplace_back(names.size(), node.plan.trains);
    }
    node.plan.same = number_of(c, node.same);
    if (const auto of = number_of(c, node.copy)) node.plan.copy = NodePlan::Copy{*of, node.copy_every};
  }
  for (const auto k : order)
    for (const auto& port : c.nodes[k].inputs)
      for (const auto& wire : port) mark_wanted(c, wire);
  for (const auto& metric : c.metrics) {
    for (const auto& port : metric.node.inputs)
      for (const auto& wire : port) mark_wanted(c, wire);
    c.plan.metrics.push_back(
        {metric.node.plan.name, metric.node.plan.use, final_inputs(c, metric.node), metric.node.plan.place});
  }
  const auto one = [&](const std::optional<WireDraft>& draft, std::optional<Wire>& wire) {
    if (!draft) return;
    mark_wanted(c, *draft);
    wire = final_wire(c, *draft);
  };
  one(c.score, c.plan.eval.score);
  one(c.label, c.plan.eval.label);
  one(c.group, c.plan.eval.group);
  for (const auto& draft : c.serve) {
    mark_wanted(c, draft);
    c.plan.serve.push_back(final_wire(c, draft));
  }
  for (const auto k : order) c.plan.nodes.push_back(c.nodes[k].plan);
  put_types(c);
}

void put_types(Checker& c) {
  const auto inputs = [](const NodeDraft& draft, std::vector<std::vector<Wire>>& ports) {
    for (std::size_t p = 0; p < ports.size(); ++p)
      for (std::size_t k = 0; k < ports[p].size(); ++k) ports[p][k].type = draft.inputs[p][k].flow.type;
  };
  for (const auto& draft : c.nodes) {
    if (!draft.number) continue;
    auto& node = c.plan.nodes[*draft.number];
    inputs(draft, node.inputs);
    node.sizes = draft.plan.sizes;
    auto flow = draft.flows.begin();
    for (auto& port : node.outputs)
      for (auto& type : port) type = (flow++)->type;
  }
  for (std::size_t m = 0; m < c.metrics.size(); ++m) inputs(c.metrics[m].node, c.plan.metrics[m].inputs);
  const auto one = [](const std::optional<WireDraft>& draft, std::optional<Wire>& wire) {
    if (draft) wire->type = draft->flow.type;
  };
  one(c.score, c.plan.eval.score);
  one(c.label, c.plan.eval.label);
  one(c.group, c.plan.eval.group);
  for (std::size_t k = 0; k < c.serve.size(); ++k) c.plan.serve[k].type = c.serve[k].flow.type;
}

namespace {

// Inputs of a distiller that hold the teacher's side carry no gradient.
void detach_teachers(Checker& c) {
  for (auto& node : c.nodes) {
    if (!node.found || node.found.schema->kind != Kind::distiller) continue;
    for (std::size_t p = 0; p < node.inputs.size(); ++p)
      if (node.input_ports[p]->name.starts_with("teacher"))
        for (auto& wire : node.inputs[p]) wire.stop = true;
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
      out.plan = c.plan;
    }
  }
  c.said_in = c.document.files();
  for (const auto& one : sets) c.said_in.push_back("--set " + one);
  c.report.hand_over(c.said_in, out.problems, out.warnings);
  return out;
}

namespace {

Checked check_any(const std::string& file, const std::string* text, const std::vector<std::string>& sets, World world,
                  const Fitted& fitted) {
  const auto c = std::make_shared<Checker>(std::move(world), fitted);
  auto out = check_into(*c, file, text, sets);
  if (out.plan) out.drafts = c;
  return out;
}

}  // namespace

Checked check(const std::string& recipe_file, const std::vector<std::string>& sets, World world, const Fitted& fitted) {
  return check_any(recipe_file, nullptr, sets, std::move(world), fitted);
}

Checked check_text(const std::string& text, const std::string& name, const std::vector<std::string>& sets, World world,
                   const Fitted& fitted) {
  return check_any(name, &text, sets, std::move(world), fitted);
}

Checked with_sizes(const Checked& first, const Fitted& fitted) {
  if (!first.drafts) throw std::logic_error("with_sizes: the recipe has no plan");
  auto& c = *first.drafts;
  c.fitted = fitted;
  c.report = Report();
  c.field_outputs.clear();
  type_nodes(c);
  type_eval(c);
  Checked out;
  if (c.report.clean()) {
    put_types(c);
    out.plan = c.plan;
    out.drafts = first.drafts;
  }
  c.report.hand_over(c.said_in, out.problems, out.warnings);
  return out;
}

}  // namespace braid::recipe
