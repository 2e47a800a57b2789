// One caller's use of a model: the values, losses and timings of one batch after another.
#pragma once

#include "data/batch.h"
#include "graph/model.h"

#include <memory>
#include <vector>

namespace braid::graph {

// Where a run is, as components see it.
struct Mode {
  bool training = false;
  std::int64_t step = 0, epoch = 0;
};

// One loss over one batch. A step learns from weight * sum / count, sums and counts over all of its batches.
struct LossValue {
  recipe::NodeId node;
  at::Tensor total = {};  // weight * sum, 0-dim, differentiable
  double sum = 0, weight = 0;
  std::int64_t count = 0;
};

// A node's output or a field that is known already, by Program::source_of.
struct Given {
  SlotId slot;
  Flow flow;
};

// Runs a model over batches. Belongs to one thread; several executions may run one model at the same time, as long as
// no thread changes its weights. The model must outlive it.
class Execution {
 public:
  explicit Execution(const Model& model);

  // Runs what the losses need (training) or the metrics need over one batch, and keeps every value until the next call
  // or clear(). Throws NodeError.
  void run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode);
  // Runs the chosen nodes alone. `given`: what the others would have put out, and fields that the batch does not hold.
  // Throws NodeError.
  void run(const std::shared_ptr<const data::Batch>& batch, const Mode& mode,
           const recipe::Indexed<recipe::NodeId, bool>& nodes, const std::vector<Given>& given = {});

  // Of the last run. Losses are differentiable after one with `mode.training`.
  const std::vector<LossValue>& losses() const { return losses_; }
  Flow read(const Bound& wire);                 // what a wire carries, bound by the program before the first step
  const at::Tensor& keys(recipe::AxisId axis);  // int64[rows]
  // A node's outputs, flat over ports and their names; empty when it did not run.
  std::vector<Flow> outputs(recipe::NodeId node) const;
  // A frame for a node, or for the k-th metric, wired to the last run.
  FrameState node_frame(recipe::NodeId node);
  FrameState metric_frame(std::size_t k);

  // Seconds that each node's forward has taken since the last call.
  recipe::Indexed<recipe::NodeId, double> take_seconds();
  void clear();  // forgets values and losses

 private:
  struct Value {
    Flow flow;
    bool there = false;
  };
  const Flow& value(SlotId slot);
  Flow source(const Slot& slot);
  std::pair<at::Tensor, at::Tensor>& link(data::LinkUseId number);
  void fill(FrameState& frame, const BoundInputs& inputs, const std::vector<std::vector<Sizes>>& specials);
  FrameState frame_for(recipe::NodeId node) const;
  void run_node(recipe::NodeId node);
  void add_loss(recipe::NodeId node, const FrameState& frame);

  const Model& model_;
  Mode mode_;
  std::shared_ptr<const data::Batch> batch_;
  recipe::Indexed<SlotId, Value> values_;
  recipe::Indexed<data::LinkUseId, std::pair<at::Tensor, at::Tensor>> links_;  // index and mask; undefined until read
  recipe::Indexed<recipe::AxisId, at::Tensor> keys_;                           // undefined until read
  recipe::Indexed<recipe::NodeId, bool> ran_;
  std::vector<LossValue> losses_;
  recipe::Indexed<recipe::NodeId, double> seconds_;
};

}  // namespace braid::graph
