#include "recipe/needed.h"

namespace braid::recipe {

std::vector<bool> needed_nodes(const Plan& plan, const std::vector<const Wire*>& ends) {
  std::vector<bool> on(plan.nodes.size(), false);
  std::vector<int> todo;
  const auto add = [&](const Wire& w) {
    if (w.source == Wire::Source::node && !on[static_cast<std::size_t>(w.node)])
      on[static_cast<std::size_t>(w.node)] = true, todo.push_back(w.node);
  };
  for (const auto* w : ends) add(*w);
  while (!todo.empty()) {
    const auto node = todo.back();
    todo.pop_back();
    for (const auto& port : plan.nodes[static_cast<std::size_t>(node)].inputs)
      for (const auto& w : port) add(w);
  }
  return on;
}

std::vector<bool> trained_nodes(const Plan& plan) {
  std::vector<const Wire*> ends;
  for (const auto& node : plan.nodes)
    if (node.trains)
      for (const auto& port : node.inputs)
        for (const auto& w : port) ends.push_back(&w);
  auto on = needed_nodes(plan, ends);
  for (std::size_t k = 0; k < on.size(); ++k) on[k] = on[k] || plan.nodes[k].trains;
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
