// The training loop: steps, validation, early stop, the best weights, and what a run reports.
#pragma once

#include "train/evaluate.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

namespace braid::train {

// The row of the dead-parameter report for one node: how many weights it has and how large their gradients were in the
// first steps. `dead`: weights to which no gradient came at all.
struct GradientReport {
  std::string node;
  std::int64_t parameters = 0;
  double norm = 0;
  std::vector<std::string> dead;
};

struct Outcome {
  std::int64_t steps = 0, epochs = 0, best_step = 0, rows = 0, parameters = 0;
  double seconds = 0, waited = 0;  // of training steps alone
  std::vector<GradientReport> gradients;
  std::vector<std::pair<std::string, double>> entities_per_row;  // per axis: encoded entities per driving row
};

// Trains `graph` on the train split and leaves the chosen weights in it. `record` gets one JSON object per event
// (a step's losses, a validation) for metrics.jsonl; `say` a line for the terminal.
Outcome train(const recipe::Plan& plan, data::Source& source, graph::Graph& graph,
              const std::function<void(const nlohmann::json&)>& record, const std::string& name);

}  // namespace braid::train
