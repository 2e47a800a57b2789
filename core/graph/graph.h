// A plan and its components as something that runs: nodes in the plan's order over one batch, losses as sum and count.
#pragma once

#include "data/batch.h"
#include "graph/table_rows.h"
#include "recipe/plan.h"
#include "sdk/state.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace braid::graph {

// Makes a component from its card's place; given by the host.
using MakeComponent = std::function<std::unique_ptr<Component>(const recipe::Use&, const WireCounts&)>;

// One trainable tensor by its full name, "words.layer.0.query.weight"; a learnt scalar is "node.name".
struct NamedWeight {
  std::string name;
  at::Tensor value;
  bool decays = true, table = false, scalar = false;
  int node = recipe::none;
  TableRows rows = {};  // of an embedding table
};

struct Mode {
  bool training = false;
  std::int64_t step = 0, epoch = 0;
};

// One loss over one batch. A step learns from weight * sum / count, sums and counts over all of its batches.
struct LossValue {
  int node = recipe::none;
  at::Tensor total;  // weight * sum, 0-dim, differentiable
  double sum = 0, weight = 0;
  std::int64_t count = 0;
};

// A node's output or a field that is known already.
struct Given {
  recipe::Wire source;
  Flow flow;
};

// Thrown when a node (or a metric) fails, whether its component reported something that the user can mend or LibTorch
// or the component's own code threw. The message names node, component, recipe place, the inputs' sizes and the step.
class NodeError : public Error {
 public:
  using Error::Error;
};

class Graph {
 public:
  // Constructs, sizes and starts all components. `plan` (checked with the fitted sizes) and the fields must outlive it.
  // Throws NodeError.
  Graph(const recipe::Plan& plan, const FieldOf& field_of, const MakeComponent& make);
  ~Graph();

  // Runs what the losses need (training) or the metrics need over one batch, and keeps every output until the next call
  // or clear(). Throws NodeError.
  void run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode);
  // Runs the chosen nodes alone (per node of the plan). `given`: what the others would have put out, and fields that
  // the batch does not hold; by the wires of their sources, without `via`. Throws NodeError.
  void run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode, const std::vector<bool>& nodes,
           const std::vector<Given>& given = {});
  // Per node: whether the losses need it (training) or the metrics do.
  const std::vector<bool>& needed(bool training) const;
  // Losses of the last run; with `mode.training`, differentiable.
  const std::vector<LossValue>& losses() const;
  // What a wire carries in the last run.
  Flow read(const recipe::Wire& wire) const;
  // int64[rows]: keys of an axis in the last run.
  at::Tensor keys(int axis) const;
  // A node's outputs of the last run, flat over ports and their names; empty when it did not run.
  const std::vector<Flow>& outputs(int node) const;
  // A frame for a node, wired to the last run, as the node was given it.
  FrameState node_frame(int node, const Mode& mode) const;
  // Seconds that each node's forward has taken so far, in training and evaluation.
  const std::vector<double>& seconds() const;
  void clear();

  // Metric components, constructed with the graph, in the plan's order.
  Metric& metric(std::size_t k);
  // A frame for the k-th metric, wired to the last run.
  FrameState metric_frame(std::size_t k, const Mode& mode) const;

  void prepare(std::int64_t epoch);       // Component::prepare of every node
  std::vector<NamedWeight>& weights();    // all, in the nodes' order
  const std::vector<NamedWeight>& weights() const;
  void mark_touched(std::size_t weight);  // that table's gradient comes as sparse rows from now on
  void clamp_scalars();                   // learnt scalars back into their limits, after a step
  // Before step `step`: nodes with `copy` whose time has come get the weights of the nodes that they copy.
  void copy_weights(std::int64_t step);

 private:
  struct Inside;
  std::unique_ptr<Inside> in_;
};

}  // namespace braid::graph
