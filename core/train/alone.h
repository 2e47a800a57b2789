// One node run alone, forward and backward, and what in it is no number.
#pragma once

#include "sdk/state.h"

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace braid::train {

// A tensor of a node in which something is nan or infinite.
struct NotFinite {
  enum class Where { input, output, input_gradient, weight_gradient } where = Where::output;
  std::size_t port = 0, wire = 0;  // input or output port and which wire or name of it
  std::string weight;              // weight_gradient
  at::Tensor rows;                 // bool[rows]: along the tensor's first dim
  bool nan = false;                // else only infinite ones
};

// bool[rows]: rows with a value that is nan or infinite at a place that `mask` (undefined: all true) does not leave
// out. Undefined for tensors that are not floating. 0-dim counts as one row.
at::Tensor rows_not_finite(const at::Tensor& value, const at::Tensor& mask);

// The first input, else the first output, in which something is no number; `frame` has been run or not.
std::vector<NotFinite> look(const FrameState& frame, bool inputs, bool outputs);

// Runs a node's frame with its inputs detached from all that made them, with gradients of its outputs flowing in
// (`gradients`: per output port and name; undefined where none came; all empty: no backward), and looks at what comes
// out: outputs first, then the gradients of inputs and weights. The weights' gradients are empty again afterwards.
std::vector<NotFinite> run_alone(FrameState& frame, const std::vector<std::vector<at::Tensor>>& gradients);

// "in 3 of 4096 rows nan", and where: "output 'logit'", "the gradient of weight 'layer.0.weight'".
std::string words(const FrameState& frame, const NotFinite& found);

}  // namespace braid::train
