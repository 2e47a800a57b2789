// Model selection: which validation was the best, whether to stop early, and the best weights.
#pragma once

#include "graph/model.h"
#include "train/checkpoint.h"
#include "train/train_state.h"

#include <string>
#include <vector>

namespace braid::train {

// Judges validations by one metric. What it finds is part of the run's state; the weights are its own.
class Monitor {
 public:
  enum class Verdict {
    undefined,  // NaN: neither a gain nor a validation without one
    gain,
    no_gain,
    out_of_patience,  // no gain, for the last time that [train] patience allows
  };

  // `metric`: empty judges nothing. `patience`: validations without gain until the last one; 0: no end.
  Monitor(std::string metric, bool higher_is_better, std::int64_t patience)
      : metric_(std::move(metric)), higher_(higher_is_better), patience_(patience) {}
  // The metric that the plan names, or its first.
  static Monitor of(const graph::Model& model);

  const std::string& metric() const { return metric_; }
  Verdict judge(double value, std::int64_t step, Selected& selected) const;

  // ---- the best weights ----
  void keep(const std::vector<graph::NamedWeight>& weights);   // copies
  void keep(NamedTensors saved) { kept_ = std::move(saved); }  // of a checkpoint
  bool has_weights() const { return !kept_.empty(); }
  const NamedTensors& weights() const { return kept_; }
  void restore(std::vector<graph::NamedWeight>& weights) const;  // into the model; nothing where none are kept

 private:
  std::string metric_;
  bool higher_ = true;
  std::int64_t patience_ = 0;
  NamedTensors kept_;
};

}  // namespace braid::train
