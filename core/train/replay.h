// A node that gave what is no number, kept in a folder, and run again from it.
#pragma once

#include "model/assembly.h"
#include "train/alone.h"
#include "train/settled.h"

#include <optional>
#include <string>
#include <vector>

namespace braid::train {

// Where the first nan or infinity of a step comes from.
struct Culprit {
  std::optional<recipe::NodeId> node;  // nothing: no single node gives it, it appears where gradients are summed
  std::string what;                    // "output 'logit' is nan in 3 of 64 rows"
  std::vector<std::string> rows;       // the first few, by name
  FrameState frame;                    // of that node, inputs as they were
  std::vector<std::vector<at::Tensor>> gradients;  // of its outputs; empty when the forward gave it
  bool input = false;                              // a field or label, read by that node, is no number already
};

// Runs the step again, forward and backward, from the weights before it, and finds the first node in the order of work
// in which something is no number. Changes no weight; leaves no gradient that anybody may use.
Culprit find_culprit(const graph::Model& model, const data::Source& source, const Settled& settled,
                     const std::shared_ptr<const data::Batch>& batch, const graph::Mode& mode);

// Writes FOLDER/node.json and FOLDER/tensors.safetensors: the component with its values, sizes and weights, and its
// inputs in that step. Nothing else of the run is needed to run it again. Throws Error.
void write_replay(const std::string& folder, const Culprit& culprit, const recipe::NodePlan& node);

// The sentence for the user, and the replay folder RUN/replay-STEP. Never throws for a folder that cannot be written:
// the sentence says so then.
Diagnostic explain(const std::string& run, const graph::Model& model, const data::Source& source,
                   const Settled& settled, const std::shared_ptr<const data::Batch>& batch, const graph::Mode& mode);

// `braid replay FOLDER`: runs the node again and prints what it was given and what it gives. 0 when it gives what is no
// number again, 1 when not.
int replay_command(const std::string& folder, const model::RuntimeServices& services);

}  // namespace braid::train
