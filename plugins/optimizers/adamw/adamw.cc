// AdamW: Adam with weight decay apart from the gradient.
#include "plugins/parts/adam.h"

namespace {

struct AdamW final : parts::Adam {
  static constexpr braid::About about{
      .summary = "Adam with decoupled weight decay; the default optimizer.",
      .paper = "Loshchilov and Hutter 2019, Decoupled weight decay regularization (arXiv 1711.05101)",
      .equation =
          "w = (1 - rate·decay)·w; m = β1·m + (1 - β1)·g; v = β2·v + (1 - β2)·g²; "
          "w = w - rate·(m / (1 - β1^t)) / (√(v / (1 - β2^t)) + eps)",
      .differs = "Decay is multiplied by the scheduled rate, as in torch.optim.AdamW; the paper schedules both apart."};
  static constexpr bool by_default = true;

  AdamW() : Adam(true, "Weight decay, apart from the gradient: each step multiplies weights by 1 - rate * decay.") {}
};

}  // namespace

BRAID_PLUGIN(AdamW, "adamw", "0.1.0")
