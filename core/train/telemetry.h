// What a run measures about itself: seconds, gradients, encoded entities; the lines of metrics.jsonl and timing.jsonl.
#pragma once

#include "graph/model.h"
#include "train/evaluation.h"
#include "train/journal.h"
#include "train/stepper.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace braid::train {

// Where the seconds went. `training`: the steps, of which waiting for data, forward, backward and optimizer are parts.
struct Seconds {
  double training = 0, waiting = 0, forward = 0, backward = 0, optimizer = 0, validation = 0;
  recipe::Indexed<recipe::NodeId, double> nodes;  // forward, validation included
};

// The row of the dead-parameter report for one node: how many weights it has and how large their gradients were in the
// first steps. `dead`: weights that got no gradient at all.
struct GradientReport {
  std::string node;
  std::int64_t parameters = 0;
  double norm = 0;
  std::vector<std::string> dead;
};

class Telemetry {
 public:
  Telemetry(const graph::Model& model, Journal& journal);

  // A step that was made, number `step` from 0, and how long it took. `waited`: of this, for data.
  void step(std::int64_t step, std::int64_t epoch, const StepResult& done, double seconds, double waited);
  void validation(std::int64_t step, std::int64_t epoch, const SplitFigures& figures);
  void evaluation(std::int64_t step, const std::string& split, double seconds);

  const Seconds& seconds() const { return seconds_; }
  double waiting_share() const;
  std::int64_t rows() const { return rows_; }  // learnt from, repetitions included
  std::vector<GradientReport> gradients(std::int64_t steps) const;
  // Per axis: encoded entities per row that was learnt from.
  std::vector<std::pair<std::string, double>> entities_per_row() const;

  nlohmann::json save() const;
  void load(const nlohmann::json& saved);  // parts of another size are left as they are: the recipe has changed

 private:
  void write_timing(std::int64_t step);
  void add_nodes(const recipe::Indexed<recipe::NodeId, double>& seconds);

  const graph::Model& model_;
  Journal& journal_;
  Seconds seconds_;
  std::int64_t rows_ = 0;
  recipe::Indexed<recipe::AxisId, std::int64_t> entities_;  // per axis
  std::vector<bool> dead_;                                  // per weight
  std::vector<double> squared_norms_;                       // per weight, over the first steps
  // At the last line of timing.jsonl.
  Seconds written_;
  std::int64_t written_rows_ = 0;
  std::chrono::steady_clock::time_point written_at_ = std::chrono::steady_clock::now();
};

}  // namespace braid::train
