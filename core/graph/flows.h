// The tensors of one batch: fields, labels, keys and links as flows, gathered through links once each.
#pragma once

#include "graph/graph.h"

#include <map>
#include <tuple>

namespace braid::graph {

// Wraps a batch's array without copying; the tensor keeps the batch's memory.
at::Tensor wrap(const data::Array& array);

// A flow carried through a link or list: int64 index [rows] or [rows, places], -1 for a padded place. The gradient of
// the value is summed in row order.
Flow carry(const Flow& from, const at::Tensor& index, const at::Tensor& list_mask);

// What wires read in one step. Node outputs are put in by the graph as they come.
class Flows {
 public:
  Flows(const recipe::Plan& plan, std::shared_ptr<const data::Batch> batch);
  Flow read(const recipe::Wire& wire);
  void put(int node, std::vector<Flow> outputs);     // flat over ports and their names
  void give(const recipe::Wire& source, Flow flow);  // what a node's output or a field is, instead of the batch's
  const std::vector<Flow>& outputs(int node) const { return nodes_.at(static_cast<std::size_t>(node)); }
  const at::Tensor& keys(int axis);

 private:
  Flow source(const recipe::Wire& wire);
  using Key = std::tuple<int, int, int, int, int, int, int, int, int, int>;

  const recipe::Plan& plan_;
  std::shared_ptr<const data::Batch> batch_;
  std::vector<data::LinkUse> uses_;
  std::vector<std::vector<Flow>> nodes_;
  std::map<std::pair<int, int>, std::vector<Flow>> fields_;
  std::map<Key, Flow> carried_;  // the same vectors through the same link are gathered once
  std::map<int, std::pair<at::Tensor, at::Tensor>> links_;
  std::vector<at::Tensor> keys_;
};

}  // namespace braid::graph
