// Adam, weight decay as L2: part of the gradient.
#include "plugins/parts/adam.h"

namespace {

struct L2Adam final : parts::Adam {
  static constexpr braid::About about{
      .summary = "Moments of the gradient set each number's step; weight decay is part of the gradient.",
      .paper = "Kingma and Ba 2015, Adam: a method for stochastic optimization (arXiv 1412.6980), algorithm 1",
      .equation =
          "g = g + decay·w; m = β1·m + (1 - β1)·g; v = β2·v + (1 - β2)·g²; "
          "w = w - rate·(m / (1 - β1^t)) / (√(v / (1 - β2^t)) + eps)"};

  L2Adam() : Adam(false, "Weight decay, added to the gradient: decay * weight.") {}
};

}  // namespace

BRAID_PLUGIN(L2Adam, "adam", "0.1.0")
