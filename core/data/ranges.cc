#include "data/ranges.h"

#include "braid/component.h"
#include "data/world.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace braid::data {

namespace {

void narrow(ValueRange& range, const PortSchema& port, const std::string& name, const recipe::Use& use) {
  if (!port.low && !port.high) return;
  if (port.low) range.low = std::max(range.low, *port.low);
  if (port.high) range.high = std::min(range.high, *port.high);
  if (range.port.empty()) range.port = "port '" + port.name + "' of '" + name + "' (" + use.component + ")";
}

}  // namespace

ValueRanges ranges_of(const recipe::Plan& plan) {
  ValueRanges out;
  for (const auto& table : plan.tables) out.fields.emplace_back(table.fields.size());
  if (!plan.train.rows) return out;
  out.labels.resize(plan.driving().labels.size());
  const auto each = [&](const std::string& name, const recipe::Use& use,
                        const std::vector<std::vector<recipe::Wire>>& inputs) {
    std::size_t k = 0;
    for (const auto& port : use.schema.ports) {
      if (port.output) continue;
      for (const auto& wire : inputs.at(k)) {
        const auto* field = wire.field();
        const auto* label = std::get_if<recipe::LabelOf>(&wire.source);
        if (!field && !label) continue;
        const auto table = plan.axes[*wire.axis].table;
        if (field) narrow(out.fields[table][field->field], port, name, use);
        else if (table == *plan.train.rows) narrow(out.labels[label->label], port, name, use);
      }
      ++k;
    }
  };
  for (const auto& node : plan.nodes) each(node.name, node.use, node.inputs);
  for (const auto& metric : plan.metrics) each(metric.name, metric.use, metric.inputs);
  return out;
}

std::string outside(const std::string& what, double value, const ValueRange& range) {
  std::ostringstream out;
  out << what << " is " << value << "; " << range.port << " takes values";
  if (std::isfinite(range.low)) out << " from " << range.low;
  if (std::isfinite(range.high)) out << " to " << range.high;
  return out.str();
}

void check_labels(const World& world) {
  const auto& table = world.tables[world.driving()];
  std::vector<Diagnostic> all;
  for (const auto l : world.labels.ids()) {
    const auto& range = world.ranges.labels[l];
    if (!range.bounded() || world.labels[l].empty()) continue;
    std::int64_t first = -1, count = 0, kept = 0;
    for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
      const auto at = static_cast<std::size_t>(r);
      if (!world.splits.kept[at]) continue;
      ++kept;
      if (range.holds(world.labels[l][at])) continue;
      if (!count++) first = r;
    }
    if (!count) continue;
    const auto& plan = table.plan->labels[l];
    all.push_back({"value-range",
                   table.location(first),
                   outside("label '" + table.plan->name + "." + plan.name + "' (" + plan.text + ")",
                           world.labels[l][static_cast<std::size_t>(first)], range),
                   {std::to_string(count) + " of " + std::to_string(kept) +
                    " rows are outside; make the label a comparison, such as " + plan.name + " = \"" + plan.text +
                    " > 3\", or leave such rows out with keep"}});
  }
  if (!all.empty()) throw Error(all);
}

}  // namespace braid::data
