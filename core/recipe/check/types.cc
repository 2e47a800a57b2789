// Types of fields' outputs, of nodes in their order (node_types.cc: of each) and of what is evaluated.
#include "recipe/check/sizes.h"
#include "recipe/document/words.h"
#include "recipe/plan/shapes.h"

#include <algorithm>

namespace braid::recipe {

Flow output_flow(const Use& use, const PortSchema& port, const Dims& dims, const std::string& scope) {
  const auto shape = effective_shape(use, port);
  Flow flow;
  flow.known = true;
  flow.type.dtype = shape.type;
  flow.type.optional_rows = shape.optional_rows;
  if (shape.type == DType::id) flow.type.id_rows = dims.value(shape.rows);
  for (const auto& dim : shape.dims) {
    auto known = dims.evaluate(dim.size);
    if (dim.padded && known.same.empty() && !is<AxisRows>(known.size)) {
      known.same = scope + ":" + dim.size;  // a length of this component's own making
      const auto* fixed = std::get_if<FixedSize>(&known.size);
      known.size = PaddedPlaces{fixed && fixed->value > 0 ? std::optional(fixed->value) : std::nullopt};
    }
    flow.type.dims.push_back(known.size);
    flow.same.push_back(known.same);
    flow.padded.push_back(dim.padded);
  }
  return flow;
}

std::string type_text(const Checker& c, const Flow& flow) {
  std::string out{name_of(flow.type.dtype)};
  if (flow.type.dtype == DType::id) out += flow.type.id_rows ? "(" + std::to_string(*flow.type.id_rows) + ")" : "(n)";
  if (flow.type.optional_rows) out += "?";
  out += "[";
  for (std::size_t k = 0; k < flow.type.dims.size(); ++k)
    out += (k ? ", " : "") + size_text(c.plan, flow.type.dims[k]) + (flow.padded[k] ? "*" : "");
  return out + "]";
}

// ---- fields ----

void type_field(Checker& c, TableId table, FieldId field) {
  const auto& plan = c.plan.tables[table].fields[field];
  Dims dims(plan.use, nullptr, c.doubtful_fields.contains({table, field}));
  const auto name = c.plan.tables[table].name + "." + plan.name;
  if (const auto fitted = c.fitted.find(name); fitted != c.fitted.end())
    for (const auto& [dim, size] : fitted->second) dims.bind(dim, {FixedSize{size}, "", "fitted on the data"}, nullptr);
  auto& outputs = c.field_outputs[{table, field}];
  for (const auto& port : plan.use.schema.ports) {
    if (!port.output) continue;
    auto flow = output_flow(plan.use, port, dims, name);
    if (!flow.type.dims.empty()) {
      flow.type.dims[0] = AxisRows{own_axis(table)};
      flow.same[0].clear();
    }
    outputs.push_back(std::move(flow));
  }
}

// ---- nodes ----

namespace {

// Whether two nodes give a component as many wires, with absent rows in the same places: else its weights differ.
bool wired_alike(const NodeDraft& a, const NodeDraft& b) {
  for (std::size_t p = 0; p < a.inputs.size(); ++p) {
    if (a.input_ports[p]->repeated && a.inputs[p].size() != b.inputs[p].size()) return false;
    for (std::size_t k = 0; k < std::min(a.inputs[p].size(), b.inputs[p].size()); ++k)
      if (a.inputs[p][k].flow.known && b.inputs[p][k].flow.known &&
          a.inputs[p][k].flow.type.optional_rows != b.inputs[p][k].flow.type.optional_rows)
        return false;
  }
  return true;
}

// Nodes that run one component share its weights, so its sizes; a copy's weights are as large as those copied.
void share_sizes(Checker& c) {
  for (auto& node : c.nodes) {
    const bool copies = !node.copy.empty();
    if ((node.same.empty() && !copies) || !node.found) continue;
    const auto& owner = copies ? node.copy : node.same;
    const auto* said = copies ? node.copy_item : node.same_item;
    const auto target =
        std::find_if(c.nodes.begin(), c.nodes.end(), [&](const NodeDraft& n) { return n.plan.name == owner; });
    if (copies && node.inputs_known && target->inputs_known && !wired_alike(node, *target))
      c.error(said->place, "bad-copy",
              quote(node.plan.name) + " is wired otherwise than " + quote(owner) + ": their weights differ in shape",
              {"give each port as many wires, and wires whose rows may be absent where there are such",
               quote(owner) + " is declared at " + text_of(target->plan.place)});
    const auto used = [&](const std::string& name) {
      for (const auto& weight : node.found.schema->weights)
        for (const auto& dim : weight.dims)
          for (auto at = dim.find(name); at != std::string::npos; at = dim.find(name, at + 1)) return true;
      return false;
    };
    for (const auto& [name, size] : node.plan.sizes) {
      const auto [at, fresh] = target->plan.sizes.try_emplace(name, size);
      if (fresh || at->second == size || !used(name)) continue;
      c.error(said->place, "size-conflict",
              quote(name) + " is " + std::to_string(size) + " in " + quote(node.plan.name) + " and " +
                  std::to_string(at->second) + " in " + quote(owner) + ", which share their weights",
              {quote(owner) + " is declared at " + text_of(target->plan.place)});
    }
    for (const auto& [name, size] : target->plan.sizes) node.plan.sizes.try_emplace(name, size);
  }
}

}  // namespace

void type_nodes(Checker& c) {
  for (const auto table : c.plan.tables.ids())
    for (const auto field : c.plan.tables[table].fields.ids()) type_field(c, table, field);
  for (const auto k : c.node_order) {
    auto& node = c.nodes[k];
    if (node.item && node.found) type_node(c, node, "node " + quote(node.plan.name));
  }
  share_sizes(c);
}

void type_eval(Checker& c) {
  for (auto& metric : c.metrics)
    if (metric.node.found) type_node(c, metric.node, "metric " + quote(metric.node.plan.name));
  const auto type = [&](std::optional<WireDraft>& wire) {
    if (wire) type_wire(c, *wire);
  };
  type(c.score);
  type(c.label);
  type(c.group);
  for (auto& wire : c.serve) type_wire(c, wire);
}

}  // namespace braid::recipe
