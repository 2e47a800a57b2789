// Checkpoints of a run folder: RUN/checkpoints/step-*.safetensors.
#pragma once

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::train {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// One moment of a run: tensors by name, and everything else as JSON.
struct Checkpoint {
  nlohmann::json state;
  std::map<std::string, at::Tensor> tensors;
};

// Writes checkpoints aside, brings them to the disk and renames them; each file carries a digest of its bytes. The last
// two are kept, and the weights that were best on validation so far, which a checkpoint names and does not repeat. Used
// by one thread of the one process that holds the run folder.
class Checkpoints {
 public:
  explicit Checkpoints(const std::string& run);  // makes the folder; throws Error

  // `best`: the step of the best weights (they must have been saved), or -1.
  void save(std::int64_t step, std::int64_t best, nlohmann::json state, const NamedTensors& tensors);
  void save_best(std::int64_t step, const NamedTensors& weights);
  std::map<std::string, at::Tensor> best(std::int64_t step) const;  // throws Error
  bool any() const { return !steps("step").empty(); }               // there is one to go on from, intact or not

  // The newest intact one whose best weights are intact too. `damaged` is told of each that is passed over; it
  // is renamed to *.damaged.
  std::optional<Checkpoint> newest(const std::function<void(const std::string&)>& damaged);

  // Evaluation under way, after training has ended at `step`: small, and of no use with another step's weights.
  void save_evaluation(std::int64_t step, nlohmann::json state, const NamedTensors& tensors);
  std::optional<Checkpoint> evaluation(std::int64_t step) const;

 private:
  std::string file(const char* kind, std::int64_t step) const;
  std::vector<std::int64_t> steps(const std::string& kind) const;  // ascending
  std::int64_t best_of(std::int64_t step) const;

  std::string folder_;
  mutable std::map<std::int64_t, std::int64_t> best_of_;  // of checkpoints that were written or read
};

}  // namespace braid::train
