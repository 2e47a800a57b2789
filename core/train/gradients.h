// The gradients of one step over one batch or several ([train] accumulate).
#pragma once

#include "graph/execution.h"

#include <vector>

namespace braid::train {

// For each loss a step learns from the sum of its values over all of the step's batches, divided by their count: what
// one batch of all these rows would give, whatever the batches hold and their masks hide. A loss's count is known only
// after the last batch, so several losses over several batches are each run backward on their own.
class Gradients {
 public:
  // `weights` must outlive it.
  Gradients(const recipe::Plan& plan, std::vector<graph::NamedWeight>& weights);

  // Runs backward from the losses of the step's next batch. After the last one the weights have the step's gradients.
  // False when a gradient is not finite (looked at here where more batches follow or went before).
  bool add(const std::vector<graph::LossValue>& losses, bool last);
  // Forgets what was added: the step is over, or is left out.
  void clear();

 private:
  using Grads = std::vector<at::Tensor>;  // per weight; undefined where none came
  // Losses whose counts are equal in every batch: one value for each row of the batch, and none masked.
  struct Group {
    std::vector<std::size_t> losses;
    double count = 0;
    Grads grads;
  };
  void find_groups(const std::vector<graph::LossValue>& losses);
  void swap(Grads& grads);  // with those of the weights

  const recipe::Plan& plan_;
  std::vector<graph::NamedWeight>& weights_;
  std::vector<Group> groups_;
  bool begun_ = false;
};

}  // namespace braid::train
