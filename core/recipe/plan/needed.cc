#include "recipe/plan/needed.h"

namespace braid::recipe {

Indexed<NodeId, bool> needed_nodes(const Plan& plan, const std::vector<const Wire*>& ends) {
  Indexed<NodeId, bool> on(plan.nodes.size(), false);
  std::vector<NodeId> todo;
  const auto add = [&](const Wire& w) {
    if (const auto* from = w.node(); from && !on[from->node]) on[from->node] = true, todo.push_back(from->node);
  };
  for (const auto* w : ends) add(*w);
  while (!todo.empty()) {
    const auto node = todo.back();
    todo.pop_back();
    for (const auto& port : plan.nodes[node].inputs)
      for (const auto& w : port) add(w);
  }
  return on;
}

Indexed<NodeId, bool> trained_nodes(const Plan& plan) {
  std::vector<const Wire*> ends;
  for (const auto& node : plan.nodes)
    if (node.trains)
      for (const auto& port : node.inputs)
        for (const auto& w : port) ends.push_back(&w);
  auto on = needed_nodes(plan, ends);
  for (const auto k : on.ids()) on[k] = on[k] || plan.nodes[k].trains;
  return on;
}

void each_use(const Plan& plan, const std::function<void(const Use&)>& visit) {
  for (const auto& table : plan.tables) {
    if (!table.files.empty()) visit(table.reader);
    for (const auto& join : table.joins) visit(join.reader);
    for (const auto& field : table.fields) visit(field.use);
  }
  for (const auto& node : plan.nodes) visit(node.use);
  for (const auto& metric : plan.metrics) visit(metric.use);
  for (const auto& group : plan.train.groups) {
    visit(group.optimizer);
    visit(group.schedule);
  }
}

}  // namespace braid::recipe
