#include "train/settled.h"

#include "graph/rows.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <numeric>

namespace braid::train {
namespace {

constexpr std::int64_t chunk = 512;  // rows of a table at once

using Nodes = recipe::Indexed<recipe::NodeId, bool>;

bool any(const Nodes& nodes) { return std::find(nodes.begin(), nodes.end(), true) != nodes.end(); }

}  // namespace

Settled::Settled(const recipe::Plan& plan, data::Source& source, const graph::Model& model, std::int64_t most_bytes)
    : plan_(plan), can_(plan.nodes.size(), false), rest_(model.needed(true)) {
  find(model);
  if (!any(can_)) return;
  const at::NoGradGuard off;
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
  for (const auto k : plan_.nodes.ids()) {
    const auto& node = plan_.nodes[k];
    const auto axis = model.program().node_axes[k];
    if (!training[k] || evaluation[k] || !node.frozen || node.copy || node.trains || !axis || plan_.axes[*axis].whole)
      continue;
    const auto table = plan_.axes[*axis].table;
    bool good = !plan_.tables[table].event();
    for (const auto& port : node.inputs)
      for (const auto& wire : port) {
        const bool here = wire.axis && !plan_.axes[*wire.axis].whole && plan_.axes[*wire.axis].table == table &&
                          (!wire.via || wire.via->axis_row());
        const bool still = std::visit(
            recipe::Cases{
                [&](const recipe::NodeOutput& from) -> bool { return can_[from.node]; },
                [&](const recipe::FieldOutput& from) { return here && plan_.tables[table].fields[from.field].still; },
                [](const recipe::KeyOf&) { return true; }, [](const recipe::RowOf&) { return true; },
                [](const auto&) { return false; }},
            wire.source);
        good = good && here && still;
      }
    can_[k] = good;
  }
}

bool Settled::compute(recipe::TableId table, const Nodes& nodes, data::Source& source, const graph::Model& model,
                      std::int64_t& bytes_left) {
  struct Wanted {
    graph::SlotId slot;
    recipe::AxisId axis;
  };
  std::vector<Wanted> wanted;
  for (const auto k : plan_.nodes.ids()) {
    if (!model.needed(true)[k] || can_[k]) continue;
    for (const auto& port : plan_.nodes[k].inputs)
      for (const auto& wire : port) {
        if (!wire.node() || !nodes[wire.node()->node]) continue;
        const auto slot = model.program().source_of(wire).value();
        if (std::none_of(wanted.begin(), wanted.end(), [&](const auto& w) { return w.slot == slot; }))
          wanted.push_back({slot, wire.axis.value()});
      }
  }
  const auto rows = source.table_rows(table);
  const auto reads = data::reads_of(plan_, nodes);
  std::vector<std::vector<Flow>> parts(wanted.size());
  graph::Execution execution(model);
  for (std::int64_t begin = 0; begin < rows; begin += chunk) {
    std::vector<std::int32_t> some(static_cast<std::size_t>(std::min(chunk, rows - begin)));
    std::iota(some.begin(), some.end(), static_cast<std::int32_t>(begin));
    execution.run(source.entities(table, some, reads), graph::Mode{}, nodes);
    std::int64_t bytes = 0;
    for (std::size_t w = 0; w < wanted.size(); ++w) {
      auto flow = execution.read({wanted[w].slot, wanted[w].axis, {}, false});
      bytes += static_cast<std::int64_t>(flow.value.nbytes());
      parts[w].push_back({flow.value.detach(), flow.mask, {}, {}});
    }
    if (begin == 0 && bytes / static_cast<std::int64_t>(some.size()) * rows > bytes_left) return false;
  }
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    kept_.push_back({wanted[w].slot, wanted[w].axis, graph::join(parts[w])});
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
