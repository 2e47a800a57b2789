// Optimizers and learning-rate schedules: how one step changes weights.
//
// A recipe's `[train] optimizer` divides the weights into groups; each group has an optimizer and a schedule. The host
// sums gradients, clips them, multiplies the group's `rate` by the schedule's factor and calls the optimizer once per
// step and group.
#pragma once

#include <braid/component.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace braid {

// One weight in one step of its optimizer.
struct WeightStep {
  at::Tensor weight;    // float32 in training, float64 too in `braid conform`; changed in place
  at::Tensor gradient;  // of the weight's type and sizes, never sparse; may be overwritten
  // As new_state() made them, changed in place.
  std::vector<at::Tensor> state;
  // float32 [] on the CPU: how many steps have changed this weight, this one included.
  at::Tensor steps;
  bool table = false;  // an embedding table, [rows, dim]
  // Under `rows = "touched"`: weight, gradient and state hold only those rows of the table that the batch read,
  // [touched, dim]. The host copies them out and back.
  bool some_rows = false;
};

// Changes weights by their gradients. Parameters are the component's own: betas, momentum, weight decay.
class BRAID_API Optimizer : public Component {
 public:
  static constexpr bool by_default = false;  // redefine as true: used where a recipe names none. One component can be

  // What is kept for a weight between steps, by name, zeros at the start; saved in checkpoints and restored bit for
  // bit. Of a table each tensor's first dim is the table's rows.
  virtual std::vector<std::pair<std::string, at::Tensor>> new_state(const at::Tensor& weight, bool table) const;

  // One step of these weights, without gradient recording. `decays`: false for biases, norms and learnable scalars,
  // unless the recipe says `decay_all`. A sparse step must change its rows as a dense one would whose other rows had no
  // gradient, state or decay. Called from one thread.
  virtual void step(std::span<WeightStep> weights, double learning_rate, bool decays) const = 0;

  // The same for a single number, in double: the documented formula, which `braid conform` compares `step` with.
  struct Number {
    double weight, gradient;
    std::vector<double> state;  // in new_state's order
    double steps;
  };
  virtual void formula(Number& one, double learning_rate, bool decays) const = 0;

  void run(Frame& frame) final;

 protected:
  Optimizer();
};

// Where a run is.
struct RunPosition {
  std::int64_t step = 0, epoch = 0;  // from 0
  std::int64_t steps = 1;            // of the whole run
};

// A learning-rate schedule: the factor by which a step multiplies its group's `rate`.
class BRAID_API Schedule : public Component {
 public:
  static constexpr bool by_default = false;  // redefine as true: used where a recipe names none. One component can be

  // Finite and at least 0 for every step of a run; a function of its argument and the parameters alone.
  virtual double factor(const RunPosition& position) const = 0;

  void run(Frame& frame) final;

 protected:
  Schedule();
};

}  // namespace braid
