#include "train/settled.h"

#include "graph/chunks.h"
#include "graph/rows.h"
#include "recipe/serving/serving.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace braid::train {
namespace {

using Nodes = recipe::Indexed<recipe::NodeId, bool>;

bool any(const Nodes& nodes) { return std::find(nodes.begin(), nodes.end(), true) != nodes.end(); }

}  // namespace

Settled::Settled(const recipe::Plan& plan, data::Source& source, const graph::Model& model, std::int64_t most_bytes)
    : plan_(plan), can_(plan.nodes.size(), false), rest_(model.needed(true)) {
  find(model);
  if (!any(can_)) return;
  for (const auto table : plan.tables.ids()) {
    Nodes nodes(plan.nodes.size(), false);
    for (const auto k : nodes.ids()) nodes[k] = can_[k] && plan.axes[*model.program().node_axes[k]].table == table;
    if (!any(nodes) || !compute(table, nodes, source, model, most_bytes)) continue;
    for (const auto k : nodes.ids())
      if (nodes[k]) rest_[k] = false;
  }
  // Fields that only they read are left out of batches.
  auto still_run = rest_;
  for (const auto k : still_run.ids()) still_run[k] = still_run[k] || model.needed(false)[k];
  source.read_only(still_run);
}

void Settled::find(const graph::Model& model) {
  const auto& training = model.needed(true);
  const auto& evaluation = model.needed(false);
  const auto may = [&](recipe::NodeId k) {
    const auto& node = plan_.nodes[k];
    const auto axis = model.program().node_axes[k];
    if (!training[k] || evaluation[k] || !node.frozen || node.copy || node.trains || !axis || plan_.axes[*axis].whole)
      return false;
    for (const auto& port : node.inputs)
      for (const auto& wire : port) {
        if (!wire.axis || plan_.axes[*wire.axis].whole) return false;
        const auto& table = plan_.tables[plan_.axes[*wire.axis].table];
        const bool still = std::visit(
            recipe::Cases{[&](const recipe::FieldOutput& from) -> bool { return table.fields[from.field].still; },
                          [](const recipe::NodeOutput&) { return true; }, [](const recipe::KeyOf&) { return true; },
                          [](const recipe::RowOf&) { return true; }, [](const auto&) { return false; }},
            wire.source);
        if (!still) return false;
      }
    return true;
  };
  const auto alone = recipe::alone(plan_, may);
  for (const auto k : alone.ids())
    can_[k] = alone[k].can && alone[k].table == plan_.axes[*model.program().node_axes[k]].table;
}

bool Settled::compute(recipe::TableId table, const Nodes& nodes, data::Source& source, const graph::Model& model,
                      std::int64_t& bytes_left) {
  std::vector<graph::Bound> wanted;
  for (const auto k : plan_.nodes.ids()) {
    if (!model.needed(true)[k] || can_[k]) continue;
    for (const auto& port : plan_.nodes[k].inputs)
      for (const auto& wire : port) {
        if (!wire.node() || !nodes[wire.node()->node]) continue;
        const auto slot = model.program().source_of(wire).value();
        if (std::none_of(wanted.begin(), wanted.end(), [&](const auto& w) { return w.slot == slot; }))
          wanted.push_back({slot, wire.axis.value(), {}, false});
      }
  }
  const auto reads = data::reads_of(plan_, nodes);
  graph::Execution execution(model);
  const auto flows =
      graph::run_chunks(execution, graph::Mode{}, nodes, {}, wanted,
                        {.rows = source.table_rows(table),
                         .batch = [&](auto first, auto count) { return source.entities(table, first, count, reads); },
                         .most_bytes = bytes_left});
  if (!flows) return false;
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    kept_.push_back({wanted[w].slot, *wanted[w].axis, (*flows)[w]});
    bytes_left -= static_cast<std::int64_t>(kept_.back().rows.value.nbytes());
  }
  return true;
}

std::vector<graph::Given> Settled::given(const data::Batch& batch) const {
  std::vector<graph::Given> out;
  for (const auto& one : kept_) {
    const auto& axis = batch.axes.at(one.axis);
    const auto rows = at::from_blob(axis.row.as<std::int64_t>(), {axis.rows}, at::TensorOptions().dtype(at::kLong));
    out.push_back({one.slot, graph::rows_of(one.rows, rows)});
  }
  return out;
}

std::vector<std::string> Settled::names() const {
  std::vector<std::string> out;
  for (const auto k : can_.ids())
    if (can_[k] && !rest_[k]) out.push_back(plan_.nodes[k].name);
  return out;
}

}  // namespace braid::train
