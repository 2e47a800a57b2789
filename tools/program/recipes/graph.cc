// `braid graph`: what runs in training and in serving, as text or JSON.
#include "commands.h"
#include "dot.h"
#include "log/log.h"
#include "parameters.h"
#include "print.h"
#include "subject.h"
#include "wrap.h"

#include "cards/store.h"
#include "recipe/check/check.h"
#include "recipe/serving/serving.h"
#include "recipe/plan/shapes.h"
#include "recipe/document/words.h"
#include "report/graph_picture.h"

#include <braid/diagnostic.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace braid::tools {
namespace {

namespace files = std::filesystem;
using Json = nlohmann::ordered_json;

using Nodes = recipe::Indexed<recipe::NodeId, bool>;

struct Drawing {
  const recipe::Plan& plan;
  recipe::Serving serving;
  recipe::Indexed<recipe::NodeId, Parameters> parameters;
};

// ---- numbers ----

std::string thousands(std::int64_t n) {
  auto text = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > (n < 0); at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string words_of(const Parameters& p) {
  if (p.exact) return *p.exact == 1 ? "1 parameter" : thousands(*p.exact) + " parameters";
  if (p.about) return "about " + thousands(*p.about) + " parameters";
  return "parameters " + p.why;
}

// The sum over nodes, and of how many nodes it lacks the number.
struct Total {
  std::int64_t sum = 0;
  bool about = false;
  std::size_t without = 0;
};

Total total(const Drawing& d, const Nodes& on) {
  Total out;
  for (const auto k : d.parameters.ids()) {
    if (!on[k]) continue;
    const auto& p = d.parameters[k];
    out.sum += p.exact.value_or(p.about.value_or(0));
    out.about = out.about || p.about;
    out.without += !p.exact && !p.about;
  }
  return out;
}

std::string words_of(const Total& t) {
  if (t.without && t.sum == 0) return "parameters of " + recipe::counted(t.without, "node") + " not known yet";
  std::string out = (t.about ? "about " : "") + thousands(t.sum) + (t.sum == 1 ? " parameter" : " parameters");
  if (t.without) out += ", and those of " + recipe::counted(t.without, "node") + ", not known yet";
  return out;
}

// ---- text ----

constexpr std::size_t width = 110;

// "  name  first  second" in columns; what does not fit stands on a line of its own, indented.
std::string row(std::size_t indent, const std::vector<std::pair<std::string, std::size_t>>& cells) {
  std::string out, line(indent, ' ');
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const auto& [text, wide] = cells[k];
    if (k > 0 && line.size() + text.size() > width) {
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
      line = std::string(indent + 4, ' ');
    }
    line += text;
    if (k + 1 < cells.size()) line += std::string(text.size() < wide ? wide - text.size() : 0, ' ') + "  ";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return out + line + "\n";
}

// For each input port its wires.
template <class Visit>
void each_input(const recipe::NodePlan& node, const Visit& visit) {
  std::size_t p = 0;
  for (const auto& port : node.use.schema.ports) {
    if (port.output) continue;
    for (const auto& wire : node.inputs.at(p)) visit(port, wire);
    ++p;
  }
}

// For each output its name, type and whether anything reads it.
template <class Visit>
void each_output(const recipe::NodePlan& node, const Visit& visit) {
  std::size_t flat = 0;
  for (std::size_t p = 0; p < node.outputs.size(); ++p)
    for (std::size_t n = 0; n < node.outputs[p].size(); ++n, ++flat)
      visit(recipe::output_name(node, flat).substr(node.name.size() + 1), node.outputs[p][n], node.wanted[p][n]);
}

std::string component_of(const recipe::Use& use) {
  return use.plugin == use.component ? use.component : use.plugin + "/" + use.component;
}

std::string marks(const Drawing& d, const recipe::NodePlan& node) {
  std::string out;
  if (node.same) out += ", runs the component of " + d.plan.nodes[*node.same].name;
  if (node.copy)
    out += ", a copy of " + d.plan.nodes[node.copy->of].name + " every " +
           (node.copy->every == 1 ? "step" : thousands(node.copy->every) + " steps");
  else if (node.frozen) out += ", frozen";
  return out;
}

std::string node_text(const Drawing& d, recipe::NodeId k) {
  const auto& node = d.plan.nodes[k];
  std::string out = row(2, {{node.name, 20},
                            {component_of(node.use), 22},
                            {(node.same ? "no weights of its own" : words_of(d.parameters[k])) + marks(d, node), 0}});
  each_input(node, [&](const PortSchema& port, const recipe::Wire& wire) {
    out += row(6, {{port.name, 12},
                   {"<- " + wire.text + (wire.stop ? "  (no gradient)" : ""), 44},
                   {recipe::type_text(d.plan, wire.type), 0}});
  });
  each_output(node, [&](const std::string& name, const recipe::Type& type, bool wanted) {
    out += row(6, {{name, 12}, {wanted ? "->" : "-> nobody reads it", 44}, {recipe::type_text(d.plan, type), 0}});
  });
  return out;
}

std::string nodes_text(const Drawing& d) {
  std::string out;
  for (const auto kind : {Kind::tower, Kind::fusion, Kind::ranker, Kind::bank, Kind::loss, Kind::distiller}) {
    std::string of_kind;
    for (const auto k : d.plan.nodes.ids())
      if (d.plan.nodes[k].use.schema.kind == kind) of_kind += node_text(d, k);
    if (!of_kind.empty()) out += "\n" + plural_of(kind) + "\n" + of_kind;
  }
  return out;
}

std::string part_text(const Drawing& d, const std::string& title, const Nodes& on) {
  std::string out = "  " + title + ": " + words_of(total(d, on)) + "\n";
  for (const auto k : on.ids())
    if (on[k])
      out += row(4, {{d.plan.nodes[k].name, 20},
                     {component_of(d.plan.nodes[k].use), 22},
                     {words_of(d.parameters[k]) + marks(d, d.plan.nodes[k]), 0}});
  if (std::none_of(on.begin(), on.end(), [](bool b) { return b; })) out += "    nothing\n";
  return out;
}

std::string serving_text(const Drawing& d) {
  const auto& side = d.serving;
  if (!side.trouble.empty()) return "serving graph: none, " + side.trouble + "\n";
  std::string out = "serving graph\n";
  for (const auto& wire : side.outputs) out += row(2, {{wire.text, 48}, {recipe::type_text(d.plan, wire.type), 0}});
  const auto& rows = d.plan.driving();
  if (side.candidates) out += "  candidates stand for " + rows.name + "." + rows.links[*side.candidates].name + "\n";
  out += part_text(d, "ahead, for every row of a table", side.ahead);
  out += part_text(d, "on request", side.request);
  out += "  stored, one row for each entity of a table\n";
  for (const auto& one : side.stored) out += row(4, {{one.name, 46}, {recipe::type_text(d.plan, one.wire.type), 0}});
  if (side.stored.empty()) out += "    nothing\n";
  std::vector<std::string> left;
  for (const auto k : d.plan.nodes.ids())
    if (!side.ahead[k] && !side.request[k]) left.push_back(d.plan.nodes[k].name);
  if (!left.empty()) out += "  not in it: " + wrapped(recipe::listed(left, left.size()), 13) + "\n";
  return out;
}

std::string text_of(const Drawing& d, const Subject& subject) {
  const auto& rows = d.plan.driving().name;
  std::string out = subject.name + "\n" + recipe::counted(d.plan.nodes.size(), "node") + "; a batch is rows of " +
                    rows + "; the first dim of a shape is the axis it lives on\n";
  out += d.plan.serving ? "" : "\ntraining graph\n";
  out += nodes_text(d) + "\n" + serving_text(d);
  return out + "\ntotal: " + words_of(total(d, Nodes(d.plan.nodes.size(), true))) + "\n";
}

// ---- JSON ----

Json axis_json(const recipe::Plan& plan, std::optional<recipe::AxisId> axis) {
  return axis ? Json(plan.axes[*axis].name) : Json();
}

Json parameters_json(const Parameters& p) {
  if (p.exact) return *p.exact;
  if (p.about) return Json{{"about", *p.about}};
  return Json{{"why", p.why}};
}

Json total_json(const Total& t) {
  return Json{{"parameters", t.sum}, {"about", t.about}, {"nodes_without_a_number", t.without}};
}

Json node_json(const Drawing& d, recipe::NodeId k) {
  const auto& node = d.plan.nodes[k];
  Json out{{"name", node.name},
           {"kind", name_of(node.use.schema.kind)},
           {"component", component_of(node.use)},
           {"parameters", parameters_json(d.parameters[k])},
           {"frozen", node.frozen}};
  if (node.same) out["same"] = d.plan.nodes[*node.same].name;
  if (node.copy) {
    out["copy"] = d.plan.nodes[node.copy->of].name;
    out["every"] = node.copy->every;
  }
  if (!node.weights_file.empty()) out["run"] = files::path(node.weights_file).parent_path().string();
  out["inputs"] = Json::array();
  each_input(node, [&](const PortSchema& port, const recipe::Wire& wire) {
    out["inputs"].push_back({{"port", port.name},
                             {"wire", wire.text},
                             {"from_axis", axis_json(d.plan, wire.axis)},
                             {"axis", axis_json(d.plan, wire.to_axis())},
                             {"shape", recipe::type_text(d.plan, wire.type)},
                             {"stop", wire.stop}});
  });
  out["outputs"] = Json::array();
  each_output(node, [&](const std::string& name, const recipe::Type& type, bool wanted) {
    out["outputs"].push_back({{"name", name},
                              {"axis", axis_json(d.plan, type.axis())},
                              {"shape", recipe::type_text(d.plan, type)},
                              {"read", wanted}});
  });
  out["serving"] = Json::array();
  if (d.serving.ahead[k]) out["serving"].push_back("ahead");
  if (d.serving.request[k]) out["serving"].push_back("request");
  return out;
}

Json json_of(const Drawing& d, const Subject& subject) {
  const auto& rows = d.plan.driving();
  Json out{{"of", subject.name}, {"rows", rows.name}, {"exported", d.plan.serving}, {"nodes", Json::array()}};
  for (const auto k : d.plan.nodes.ids()) out["nodes"].push_back(node_json(d, k));
  out["total"] = total_json(total(d, Nodes(d.plan.nodes.size(), true)));
  const auto& side = d.serving;
  auto& serving = out["serving"] = Json::object();
  if (!side.trouble.empty()) {
    serving["trouble"] = side.trouble;
    return out;
  }
  serving["outputs"] = Json::array();
  for (const auto& wire : side.outputs)
    serving["outputs"].push_back({{"wire", wire.text}, {"shape", recipe::type_text(d.plan, wire.type)}});
  serving["candidates"] = side.candidates ? Json(rows.links[*side.candidates].name) : Json();
  serving["ahead"] = total_json(total(d, side.ahead));
  serving["request"] = total_json(total(d, side.request));
  serving["stored"] = Json::array();
  for (const auto& one : side.stored)
    serving["stored"].push_back({{"name", one.name},
                                 {"table", d.plan.tables[one.table].name},
                                 {"axis", axis_json(d.plan, one.wire.axis)},
                                 {"shape", recipe::type_text(d.plan, one.wire.type)}});
  return out;
}

// ---- a picture ----

std::string picture(const Drawing& d, const Subject& subject) {
  std::map<std::string, report::NodeFacts> facts;
  for (const auto k : d.plan.nodes.ids()) {
    auto& one = facts[d.plan.nodes[k].name];
    const auto& p = d.parameters[k];
    one.parameters = p.exact.value_or(0);
    if (!p.exact) one.words = words_of(p);
  }
  report::PictureParts parts;
  parts.title = subject.name;
  if (d.serving.trouble.empty()) parts.ahead = d.serving.ahead, parts.request = d.serving.request;
  parts.other_place = place_by_dot;
  return report::graph_svg(d.plan, facts, parts);
}

void write_picture(const std::string& file, const std::string& svg) {
  std::ofstream out(file, std::ios::binary);
  out << svg;
  out.close();
  if (!out) throw Failure("output-file", file, "cannot be written", {"does its folder exist, and has it room?"});
}

struct Graph : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "graph", "Draws what runs in training and in serving: nodes, wires, shapes, parameters.",
      "DIR is a run's folder or an exported one; its weights tell how many parameters each node has. For a recipe the "
      "plugins' cards tell it where that is certain."};

  std::string recipe = argument("RECIPE|DIR");
  std::vector<std::string> sets = set_option();
  bool json = json_option();
  std::string svg =
      text("svg", "FILE", "draw it as a picture into FILE instead; Graphviz' `dot` lays it out where it is installed");
};

int graph(const Graph& asked) {
  const auto subject = subject_of(asked.recipe);
  if (!asked.svg.empty() && asked.json)
    throw Failure("command-line", "braid graph", "--svg writes a picture: --json does not go with it");
  if (subject.folder && !asked.sets.empty())
    throw Failure("command-line", "braid graph",
                  "--set changes a recipe; " + subject.name + " is a folder whose weights are made");
  cards::Store store(cards::around_this_program());
  auto world = store.world(files::path(subject.recipe).parent_path().string());
  world.files = false;
  const auto checked = recipe::check(subject.recipe, asked.sets, world);
  for (const auto& p : checked.problems) log::error(p.diagnostic());
  if (!checked.plan) return 1;
  const auto& plan = *checked.plan;
  if (!plan.train.rows) throw Failure("graph", subject.recipe, "no table's rows make a batch");
  const Drawing drawing{
      plan, recipe::serving(plan),
      subject.weights.empty() ? parameters_of(plan) : parameters_of(plan, weight_shapes(subject.weights))};
  if (!asked.svg.empty()) {
    write_picture(asked.svg, picture(drawing, subject));
    return print(asked.svg + ": written\n"), 0;
  }
  print(asked.json ? json_of(drawing, subject).dump(2) + "\n" : text_of(drawing, subject));
  return 0;
}

}  // namespace

Command graph_command() { return command_of<Graph, graph>(); }

}  // namespace braid::tools
