// The optimizer groups of a recipe: which weight is updated by which optimizer, at which rate, clipped how.
#pragma once

#include "graph/model.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace braid::train {

// Updates a model's weights as the recipe's groups say, by optimizer and schedule components (braid/optimizer.h).
//
// For tables with `rows = "touched"` only the rows that the step read change: the component gets copies of these rows,
// of their summed gradients and of their state, so that state of other rows stays as it is and no decay reaches them.
// Used from one thread.
class OptimizerGroups {
 public:
  // Throws Error when a weight is in no group. `steps`: of the whole run. `sparse` is called with the number of each
  // weight whose gradient should come as sparse rows.
  OptimizerGroups(const recipe::TrainPlan& plan, const std::vector<graph::NamedWeight>& weights, std::int64_t steps,
                  const graph::MakeComponent& make, const std::function<void(std::size_t)>& sparse);
  ~OptimizerGroups();

  // The global norm of the gradients that backward left; 0 when none came. `each`: per weight, its gradient's own.
  double norm(std::vector<double>* each = nullptr);
  // One update from these gradients, clipped as the plan says, then clears them. `norm`: as norm() just returned it.
  // `step` counts from 0. Throws Error for what a component refuses.
  void step(std::int64_t step, std::int64_t epoch, double norm);
  void clear();  // the gradients
  // A group's learning rate in a step: its `rate` times the schedule's factor.
  double rate(recipe::GroupId group, std::int64_t step, std::int64_t epoch) const;

  // State by weight and name, "WEIGHT.NAME" as new_state() names it, and "WEIGHT.count", the steps that changed it; the
  // tensors themselves, no copies.
  std::vector<std::pair<std::string, at::Tensor>> state() const;
  // Takes the state of the weights that `saved` has; the others start at zero. Throws Error when a size differs.
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  struct GroupedWeight;
  struct Group;
  void update(const Group& group, const std::vector<GroupedWeight*>& all, double learning_rate, bool decays);

  const recipe::TrainPlan& plan_;
  std::int64_t steps_;
  std::size_t weights_;  // of the model
  recipe::Indexed<recipe::GroupId, Group> groups_;
  std::vector<GroupedWeight> members_;
};

}  // namespace braid::train
