// Optimiser groups by weight name, schedules, clipping.
#pragma once

#include "graph/graph.h"

namespace braid::train {

// Updates a graph's weights as the recipe's groups say.
//
// AdamW (Loshchilov & Hutter 2019, algorithm 2) runs through LibTorch's fused kernel. For tables with `rows =
// "touched"` only the rows that the step read change: for such a row i, with g its summed gradient and t the step,
//   w_i *= 1 - rate * decay;  m_i = b1 m_i + (1 - b1) g;  v_i = b2 v_i + (1 - b2) g^2
//   w_i -= rate * (m_i / (1 - b1^t)) / (sqrt(v_i / (1 - b2^t)) + eps)
// so moments of other rows do not fade and decay does not reach them. SGD: v = momentum v + g; w -= rate v.
class Optimizer {
 public:
  // Throws Error when a weight belongs to no group. `steps`: of the whole run, for the cosine schedule. `touched` is
  // called with the number of each weight whose gradient should come as sparse rows.
  Optimizer(const recipe::TrainPlan& plan, const std::vector<graph::NamedWeight>& weights, std::int64_t steps,
            const std::function<void(std::size_t)>& touched);
  ~Optimizer();

  // The global norm of the gradients that backward left; 0 when none came.
  double norm();
  // One update from these gradients, clipped as the plan says, then clears them. `norm`: as norm() just gave it. `step`
  // counts from 0.
  void step(std::int64_t step, std::int64_t epoch, double norm);
  void clear();  // the gradients
  // What a group's rate is in a step: warm-up times schedule.
  double rate(const recipe::GroupPlan& group, std::int64_t step, std::int64_t epoch) const;

  // Moments by weight, "WEIGHT.first", "WEIGHT.second", "WEIGHT.count"; the tensors themselves, no copies.
  std::vector<std::pair<std::string, at::Tensor>> state() const;
  // Takes the moments of the weights that `saved` has; the others start at zero. Throws Error when a size differs.
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  struct Slot;
  void dense(const recipe::GroupPlan& group, const std::vector<std::size_t>& slots, double rate, bool decays);
  void touched(const recipe::GroupPlan& group, Slot& slot, double rate, std::int64_t step);

  const recipe::TrainPlan& plan_;
  std::int64_t steps_;
  std::vector<Slot> slots_;
};

}  // namespace braid::train
