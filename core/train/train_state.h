// Where a training run is: what a checkpoint keeps beside weights, optimizer state and metrics in progress.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cmath>
#include <cstdint>
#include <string>

namespace braid::train {

// The best validation so far.
struct Selected {
  double value = std::nan("");  // of the monitored metric; NaN: none yet
  std::int64_t step = 0;        // steps that its weights have seen
  std::int64_t validations_without_gain = 0;
  bool operator==(const Selected&) const = default;
};

struct TrainState {
  std::int64_t step = 0, epoch = 0;  // steps that were made; epochs that are complete
  // Where in the epoch's pass the next batch is; the pass alone knows what it means. Empty: at the beginning.
  std::string cursor;
  std::int64_t last_validated = -1;  // step
  bool out_of_patience = false;
  std::int64_t skipped = 0, skipped_in_row = 0;  // steps whose loss or gradient was not finite
  Selected selected;
  bool operator==(const TrainState&) const = default;
};

nlohmann::json to_json(const TrainState& state);
// Throws Error for what to_json() does not write.
TrainState train_state(const nlohmann::json& json);

}  // namespace braid::train
