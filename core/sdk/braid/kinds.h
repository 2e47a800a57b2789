// The kinds whose whole contract is `run(Frame&)`.
#pragma once

#include <braid/frame.h>
#include <braid/ops.h>
#include <braid/weights.h>

namespace braid {

// Turns one entity's fields into vectors or tokens. Runs over an entity axis.
class BRAID_API Tower : public Component {
 protected:
  Tower();
};

// Joins several vectors or token sequences into one; removes masks.
class BRAID_API Fusion : public Component {
 protected:
  Fusion();
};

// Scores event rows.
class BRAID_API Ranker : public Component {
 protected:
  Ranker();
};

// A training signal. Its output `loss` is `float[rows]` (one value per row, before weights: the host leaves masked ones
// out, sums, and divides by the count of the global batch), `float[rows, places*]` (the same for each place) or
// `float[]`. Pruned in serving.
class BRAID_API Loss : public Component {
 protected:
  explicit Loss(Kind kind = Kind::loss);
};

// A loss that learns from another model: inputs whose name starts with `teacher` arrive detached.
class BRAID_API Distiller : public Loss {
 protected:
  Distiller();
};

}  // namespace braid
