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
  std::string measured_by;           // as folder.h has it: figures that were measured by something else do not count
  std::vector<std::string> splits;   // evaluated at the end
  std::string name;                  // for the progress line
  // A step gave a loss or gradient that is no number, and nothing was changed by it: says where it came from, and
  // leaves what is needed to look at it.
  std::function<std::string(const std::shared_ptr<const data::Batch>&, const graph::Mode&, const Settled&)> not_finite;
};

// Trains on the train split, evaluates, and leaves the chosen weights in the graph. Ends early, with a checkpoint, when
// Interrupt::asked(). A run that goes on after a checkpoint ends with the same bits as one that was never stopped.
Outcome train(const TrainJob& job);

}  // namespace braid::train
