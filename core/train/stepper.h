// One training step: batches forward and backward, the normalised gradient, its norm, clipping, the update.
#pragma once

#include "data/source.h"
#include "graph/execution.h"
#include "train/gradients.h"
#include "train/optimizer_groups.h"
#include "train/settled.h"

#include <memory>
#include <optional>
#include <vector>

namespace braid::train {

// One loss over the batches of a step.
struct LossSum {
  recipe::NodeId node;
  double sum = 0, weight = 0;
  std::int64_t count = 0;
  double mean() const { return sum / static_cast<double>(std::max<std::int64_t>(count, 1)); }
};

struct StepResult {
  std::int64_t batches = 0, rows = 0;
  std::vector<LossSum> losses;
  double loss = 0;  // what is learnt from: the sum of weight * mean
  double norm = 0;  // of the whole gradient, before clipping
  // False: a loss or gradient is NaN or infinite. Then the optimizer has changed no weight, and `failed` is the batch
  // that showed it; the rest of the step's batches was passed over.
  bool finite = true;
  std::shared_ptr<const data::Batch> failed;
  recipe::Indexed<recipe::AxisId, std::int64_t> entities;  // over all batches
  std::vector<double> weight_norms;  // per weight of the model: its gradient's norm; 0 where none came
  recipe::Indexed<recipe::NodeId, double> node_seconds;  // forward
  struct {
    double forward = 0, backward = 0, optimizer = 0;
  } seconds;
};

// Makes steps with a model. Used from one thread.
class Stepper {
 public:
  // `steps`: of the whole run, for schedules. All arguments must outlive it.
  Stepper(graph::Model& model, std::int64_t steps, const graph::MakeComponent& make);

  // Learns from the next [train] accumulate batches of the pass, or from those that are left. Nothing when there are
  // none. `settled`: what the batches need not compute. Throws Error, NodeError.
  std::optional<StepResult> step(data::Pass& pass, const graph::Mode& mode, const Settled& settled);

  OptimizerGroups& optimizer() { return optimizer_; }
  void clear();  // gradients that are left, as by a replay

 private:
  void learn(const std::shared_ptr<const data::Batch>& batch, bool last, const graph::Mode& mode,
             const Settled& settled, StepResult& now);

  const recipe::Plan& plan_;
  graph::Model& model_;
  graph::Execution execution_;
  OptimizerGroups optimizer_;
  Gradients gradients_;
};

}  // namespace braid::train
