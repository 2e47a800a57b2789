// The same learning rate in every step, after a warm-up.
#include "plugins/parts/warm_up.h"

namespace {

struct Constant final : parts::WithWarmUp {
  static constexpr braid::About about{.summary = "The same rate in every step after the warm-up; the default schedule.",
                                      .equation = "min(1, (step + 1) / warm_up)"};
  static constexpr bool by_default = true;

  double factor(const braid::RunPosition& at) const override { return warm_up_factor(at); }
};

}  // namespace

BRAID_PLUGIN(Constant, "constant", "0.1.0")
