#include "train/settled.h"

#include "graph/chunks.h"
#include "graph/rows.h"
#include "recipe/serving.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace braid::train {
namespace {

using Source = recipe::Wire::Source;

std::size_t at(int k) { return static_cast<std::size_t>(k); }

}  // namespace

Settled::Settled(const recipe::Plan& plan, data::Source& source, const graph::Model& model, std::int64_t most_bytes)
    : plan_(plan), can_(plan.nodes.size(), false), rest_(model.needed(true)) {
  find(model);
  if (std::find(can_.begin(), can_.end(), true) == can_.end()) return;
  for (std::size_t t = 0; t < plan.tables.size(); ++t) {
    std::vector<bool> nodes(plan.nodes.size(), false);
    for (std::size_t k = 0; k < nodes.size(); ++k)
      nodes[k] = can_[k] && plan.axes[at(graph::axis_of(plan.nodes[k]))].table == static_cast<int>(t);
    if (std::find(nodes.begin(), nodes.end(), true) == nodes.end()) continue;
    if (!compute(static_cast<int>(t), nodes, source, model, most_bytes)) continue;
    for (std::size_t k = 0; k < nodes.size(); ++k)
      if (nodes[k]) rest_[k] = false;
  }
  // Fields that only they read are left out of batches.
  auto still_run = rest_;
  for (std::size_t k = 0; k < still_run.size(); ++k) still_run[k] = still_run[k] || model.needed(false)[k];
  source.read_only(still_run);
}

void Settled::find(const graph::Model& model) {
  const auto& training = model.needed(true);
  const auto& evaluation = model.needed(false);
  const auto may = [&](int k) {
    const auto& node = plan_.nodes[at(k)];
    const int axis = graph::axis_of(node);
    if (!training[at(k)] || evaluation[at(k)] || !node.frozen || node.copy != recipe::none || node.trains ||
        axis == recipe::none || plan_.axes[at(axis)].whole)
      return false;
    for (const auto& port : node.inputs)
      for (const auto& wire : port) {
        if (wire.axis == recipe::none || plan_.axes[at(wire.axis)].whole) return false;
        const auto& table = plan_.tables[at(plan_.axes[at(wire.axis)].table)];
        const bool still = wire.source == Source::field ? table.fields[at(wire.field)].still
                                                        : wire.source == Source::node || wire.source == Source::key ||
                                                              wire.source == Source::rows;
        if (!still) return false;
      }
    return true;
  };
  const auto alone = recipe::alone(plan_, may);
  for (std::size_t k = 0; k < alone.size(); ++k)
    can_[k] = alone[k].can && alone[k].table == plan_.axes[at(graph::axis_of(plan_.nodes[k]))].table;
}

bool Settled::compute(int table, const std::vector<bool>& nodes, data::Source& source, const graph::Model& model,
                      std::int64_t& bytes_left) {
  std::vector<recipe::Wire> wanted;
  for (std::size_t k = 0; k < plan_.nodes.size(); ++k) {
    if (!model.needed(true)[k] || can_[k]) continue;
    for (const auto& port : plan_.nodes[k].inputs)
      for (const auto& wire : port) {
        if (wire.source != Source::node || !nodes[at(wire.node)]) continue;
        const auto one = graph::source_of(wire);
        if (std::none_of(wanted.begin(), wanted.end(), [&](const auto& w) { return graph::source_of(w) == one; }))
          wanted.push_back(graph::without_link(wire));
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
    kept_.push_back({wanted[w], (*flows)[w]});
    bytes_left -= static_cast<std::int64_t>(kept_.back().rows.value.nbytes());
  }
  return true;
}

std::vector<graph::Given> Settled::given(const data::Batch& batch) const {
  std::vector<graph::Given> out;
  for (const auto& one : kept_) {
    const auto& axis = batch.axes.at(at(one.source.axis));
    const auto rows = at::from_blob(axis.row.as<std::int64_t>(), {axis.rows}, at::TensorOptions().dtype(at::kLong));
    out.push_back({one.source, graph::rows_of(one.rows, rows)});
  }
  return out;
}

std::vector<std::string> Settled::names() const {
  std::vector<std::string> out;
  for (std::size_t k = 0; k < can_.size(); ++k)
    if (can_[k] && !rest_[k]) out.push_back(plan_.nodes[k].name);
  return out;
}

}  // namespace braid::train
