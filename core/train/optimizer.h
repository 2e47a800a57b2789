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

  // One update from the gradients that backward left, then clears them. Returns the global gradient norm before
  // clipping; 0 when no gradient came. `step` counts from 0.
  double step(std::int64_t step, std::int64_t epoch);
  // What a group's rate is in a step: warm-up times schedule.
  double rate(const recipe::GroupPlan& group, std::int64_t step, std::int64_t epoch) const;

 private:
  struct Slot;
  double clip();
  void dense(const recipe::GroupPlan& group, const std::vector<std::size_t>& slots, double rate, bool decays);
  void touched(const recipe::GroupPlan& group, Slot& slot, double rate, std::int64_t step);

  const recipe::TrainPlan& plan_;
  std::int64_t steps_;
  std::vector<Slot> slots_;
};

}  // namespace braid::train
