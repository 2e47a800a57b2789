// Optimiser groups by weight name, schedules, clipping.
#pragma once

#include "graph/graph.h"

namespace braid::train {

// Updates a graph's weights as the recipe's groups say.
//
// With g the gradient, t the step from 1, b1 and b2 the betas:
//   AdamW    w *= 1 - rate * decay;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2          (Loshchilov & Hutter
//   2019)
//            w -= rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
//   Adam     g += decay * w, then as AdamW without its first line                                (Kingma & Ba 2015)
//   Adagrad  g += decay * w;  v += g^2;  w -= rate * g / (sqrt(v) + eps)                         (Duchi et al. 2011)
//            by_row, for tables: v is one number a row and grows by the mean of the row's g^2
//   RMSProp  g += decay * w;  v = alpha v + (1 - alpha) g^2;  m = momentum m + g / (sqrt(v) + eps);  w -= rate * m
//   SGD      g += decay * w;  m = momentum m + g;  w -= rate * m
// all as torch.optim has them; dense AdamW, Adam, Adagrad and SGD run through LibTorch's fused kernels. For tables with
// `rows = "touched"` only the rows that the step read change, by the same lines with that row's summed gradient, so
// moments of other rows do not fade and decay does not reach them. SGD decays touched rows as AdamW does.
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

  // Moments by weight, "WEIGHT.first" (m), "WEIGHT.second" (v), where the optimiser has them, and "WEIGHT.count"; the
  // tensors themselves, no copies.
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
