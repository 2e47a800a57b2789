// What the wires of a plan read of its data.
#pragma once

#include "data/batch.h"

#include <vector>

namespace braid::data {

struct Reads {
  recipe::Indexed<recipe::AxisId, recipe::Indexed<recipe::FieldId, bool>> fields;
  recipe::Indexed<recipe::AxisId, bool> counts;     // how many training rows reach each entity
  recipe::Indexed<recipe::LabelId, bool> labels;    // of the driving table, ...
  recipe::Indexed<recipe::LinkId, bool> link_keys;  // ... too
};
Reads reads(const recipe::Plan& plan);
// The fields that these nodes read, no labels and no links' keys.
Reads reads_of(const recipe::Plan& plan, const recipe::Indexed<recipe::NodeId, bool>& nodes);

// Calls visit(wire) for every wire: nodes, metrics, evaluation, serving.
template <class Visit>
void each_wire(const recipe::Plan& plan, const Visit& visit) {
  const auto all = [&](const std::vector<std::vector<recipe::Wire>>& inputs) {
    for (const auto& port : inputs)
      for (const auto& wire : port) visit(wire);
  };
  for (const auto& node : plan.nodes) all(node.inputs);
  for (const auto& metric : plan.metrics) all(metric.inputs);
  for (const auto* wire : {&plan.eval.score, &plan.eval.label, &plan.eval.group})
    if (*wire) visit(**wire);
  for (const auto& wire : plan.serve) visit(wire);
}

}  // namespace braid::data
