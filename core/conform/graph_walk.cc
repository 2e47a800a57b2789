#include "conform/graph_walk.h"

#include <torch/csrc/autograd/function.h>

#include <unordered_set>
#include <vector>

namespace braid::conform {
namespace {

std::unordered_set<const torch::autograd::Node*> nodes_behind(const at::Tensor& x) {
  std::unordered_set<const torch::autograd::Node*> seen;
  std::vector<const torch::autograd::Node*> todo;
  if (x.grad_fn()) todo.push_back(x.grad_fn().get());
  while (!todo.empty()) {
    const auto* node = todo.back();
    todo.pop_back();
    if (!seen.insert(node).second) continue;
    for (const auto& edge : node->next_edges())
      if (edge.function) todo.push_back(edge.function.get());
  }
  return seen;
}

}  // namespace

std::set<std::string> operations_behind(const at::Tensor& x) {
  std::set<std::string> names;
  for (const auto* node : nodes_behind(x)) names.insert(node->name());
  return names;
}

std::size_t operations_count(const at::Tensor& x) { return nodes_behind(x).size(); }

}  // namespace braid::conform
