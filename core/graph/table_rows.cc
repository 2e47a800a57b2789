#include "graph/table_rows.h"

#include "recipe/document/diagnostics.h"

namespace braid::graph {

namespace {

// Calls visit(wire) for each wire whose ids number the rows of `weight`.
template <class Visit>
void each_id_wire(const recipe::NodePlan& node, const WeightSchema& weight, const Visit& visit) {
  if (!weight.table || weight.dims.empty()) return;
  std::size_t port = 0;
  for (const auto& schema : node.use.schema.ports) {
    if (schema.output) continue;
    const auto& wires = node.inputs.at(port++);
    const auto shape = parse_shape(schema.shape);
    if (shape.type != DType::id) continue;
    for (std::size_t k = 0; k < wires.size(); ++k) {
      const auto rows = shape.rows_vary ? schema.name + "." + std::to_string(k) + "." + shape.rows : shape.rows;
      if (rows == weight.dims[0]) visit(wires[k]);
    }
  }
}

TableRows rows_of(const recipe::Plan& plan, const recipe::Wire& wire, const FieldOf& field_of) {
  const auto* from = wire.field();
  if (!from) return {};
  const auto table = plan.axes[*wire.axis].table;
  return {&field_of(table, from->field), plan.tables[table].name + "." + plan.tables[table].fields[from->field].name};
}

// Fields of one vocabulary are interchangeable, as a title's and a plot's.
void demand_same(const TableRows& a, const TableRows& b, const recipe::Place& place, const std::string& weight) {
  if (a.field == b.field || a.name == b.name || !a.field || !b.field) return;
  if (a.field->id_texts() == b.field->id_texts()) return;
  throw Error("ids-differ", recipe::location(place),
              "'" + a.name + "' and '" + b.name + "' share the embedding table '" + weight +
                  "', and their ids mean different values",
              {"give each a node of its own, or read both by one vocabulary"});
}

}  // namespace

TableRows rows_of(const recipe::Plan& plan, const recipe::NodePlan& node, const WeightSchema& weight,
                  const FieldOf& field_of) {
  TableRows out;
  bool first = true;
  each_id_wire(node, weight, [&](const recipe::Wire& wire) {
    const auto rows = rows_of(plan, wire, field_of);
    if (first) out = rows;
    else demand_same(out, rows, wire.place, node.name + "." + weight.name);
    first = false;
  });
  if (out.field && out.field->id_texts().empty()) out.field = nullptr;
  return out;
}

void same_rows(const recipe::Plan& plan, const recipe::NodePlan& node, const recipe::NodePlan& owner,
               const FieldOf& field_of) {
  for (const auto& weight : owner.use.schema.weights)
    each_id_wire(owner, weight, [&](const recipe::Wire& theirs) {
      const auto rows = rows_of(plan, theirs, field_of);
      each_id_wire(node, weight, [&](const recipe::Wire& own) {
        demand_same(rows, rows_of(plan, own, field_of), own.place, owner.name + "." + weight.name);
      });
    });
}

std::vector<std::uint64_t> start_keys(const TableRows& rows) {
  std::vector<std::uint64_t> out;
  if (!rows.field) return out;
  const auto texts = rows.field->id_texts();
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(hash_text(text));
  return out;
}

}  // namespace braid::graph
