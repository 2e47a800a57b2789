// The training loop: steps, validation, early stop, the best weights, the figures at the end; checkpoints on its way.
#pragma once

#include "train/checkpoint.h"
#include "train/evaluation.h"
#include "train/journal.h"
#include "train/settled.h"
#include "train/telemetry.h"

#include <functional>
#include <string>
#include <vector>

namespace braid::train {

struct Outcome {
  bool stopped = false;  // by a signal, before the end: a checkpoint was written, nothing below is complete
  std::int64_t steps = 0, epochs = 0, best_step = 0, rows = 0, parameters = 0, skipped = 0;
  Seconds seconds;
  std::vector<GradientReport> gradients;
  std::vector<std::pair<std::string, double>> entities_per_row;  // per axis: encoded entities per driving row
  std::vector<std::pair<std::string, nlohmann::json>> splits;    // figures at the end, in the order asked for
};

struct TrainJob {
  graph::Model& model;
  data::Source& source;
  const graph::MakeComponent& component;  // makes optimizers and schedules
  Journal& journal;
  Checkpoints& checkpoints;
  const Checkpoint* from = nullptr;  // go on after it
  std::string measured_by;  // model::measured_by (run_folder.h); metrics measured under another value do not count
  std::vector<std::string> splits;  // evaluated at the end
  std::string name;                 // for the progress line
  // Called when a step's loss or gradient is NaN or infinite; no weight has changed. Returns the explanation and writes
  // what is needed to replay it.
  std::function<Diagnostic(const std::shared_ptr<const data::Batch>&, const graph::Mode&, const Settled&)> not_finite;
};

// Trains on the train split, evaluates, and leaves the chosen weights in the model. Ends early, with a checkpoint, when
// Interrupt::asked(). A run that goes on after a checkpoint ends with the same bits as one that was never stopped.
Outcome train(const TrainJob& job);

}  // namespace braid::train
