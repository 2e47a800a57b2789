// What a component sees of one call: its ports' tensors, their masks, and a few facts about the step.
#pragma once

#include <braid/component.h>

namespace at {
struct Generator;
}

namespace braid {

struct FrameState;  // the host's side

// What stands on a wire: a tensor and what the host knows of its places. Masks are as Frame gives them; undefined: all
// true.
struct Flow {
  at::Tensor value;
  at::Tensor mask;
  at::Tensor list_mask;  // bool[rows, places] of the list it came through; undefined: none, or full
  at::Tensor present;    // as Frame::present
};
class State;

// Valid during one `run`. Not shared between threads.
//
// Masks are bool, true where there is data. A mask covers all dims up to the port's last padded one (`*`); for rows
// that may be absent (`?`) at least the first. Padded places and absent rows read zeros.
class BRAID_API Frame {
 public:
  explicit Frame(FrameState& state) : state_(&state) {}
  Frame(const Frame&) = delete;

  // An input's tensor, shaped as the port says. Undefined when an optional port is not wired.
  const at::Tensor& operator[](const In& port) const;
  // The k-th wire of a repeated input, 0 <= k < port.count().
  const at::Tensor& at(const Ins& port, std::size_t k) const;
  bool wired(const In& port) const;
  bool wired(const Ins& port) const { return port.count() > 0 && wires(port) > 0; }

  // Masks of an input; made on the spot (all true) when the wire has none. See `masked` to skip needless work.
  at::Tensor mask(const In& port) const;
  at::Tensor mask(const Ins& port, std::size_t k) const;
  // The mask of the list through which all wires of `port` came: bool[rows, places]. Error when they came through
  // different lists.
  at::Tensor mask(const Ins& port) const;
  // False: every place of this wire holds data, its mask is all true.
  bool masked(const In& port) const;
  bool masked(const Ins& port, std::size_t k) const;
  // Which entities stand behind the wire: bool[rows], or bool[rows, places] through a list. A place of a list whose
  // item lacks this wire's content is false here and true in the list's mask.
  at::Tensor present(const In& port) const;
  at::Tensor present(const Ins& port, std::size_t k) const;

  // An output, to be set once per call. Its sizes are checked against the port.
  at::Tensor& operator[](const Out& port);
  at::Tensor& out(const Outs& port, std::size_t k);
  // The mask of an output with `*` or `?`. Needed where no input has the padded dim of that name (or, for `?`, where
  // no input has `?`); otherwise the output takes that input's mask by itself.
  void set_mask(const Out& port, at::Tensor mask);
  // False for an output that nobody reads: its work may be skipped.
  bool wanted(const Out& port) const;
  bool wanted(const Outs& port, std::size_t k) const;

  bool training() const;       // false in evaluation, and always where the node is frozen
  std::int64_t step() const;   // optimiser steps taken so far
  std::int64_t epoch() const;  // from 0

  // Rows of this call: the size of the first dim of the first output.
  std::int64_t rows() const;
  // Uniform numbers in [0, 1), float32 [rows of port, n]: a function of (seed, node, name, step, row key, place), so
  // they depend neither on the make-up of the batch nor on threads. Not differentiable. `k` tells draws of one name
  // apart, as the layers of a Stack need.
  at::Tensor uniform(Name name, const PortBase& port, std::int64_t n, std::int64_t k = 0) const;
  // A generator for draws over whole tensors, seeded by (seed, node, name, step).
  at::Generator generator(Name name) const;
  // The id that a field calls `name` ("mask", "cls"), for an input of dtype id. Error when it has none of that name.
  std::int64_t special(const In& port, std::string_view name) const;

  // Metrics: adds this batch's rows to a declared state (see metric.h).
  void append(const State& state, const at::Tensor& values);

  FrameState& state() const { return *state_; }  // for the host

 private:
  std::size_t wires(const PortBase& port) const;
  FrameState* state_;
};

// Inverted dropout with `uniform`'s guarantees: zeroes each value with probability p and scales the others by
// 1 / (1 - p) while training; x itself otherwise. x: [rows, ...], rows as in `Frame::rows`. Differentiable in x. `k` as
// in `uniform`.
BRAID_API at::Tensor dropout(const Frame& frame, Name name, const at::Tensor& x, double p, std::int64_t k = 0);

}  // namespace braid
