// The learning rate multiplied by a factor after each epoch.
#include "plugins/parts/warm_up.h"

#include <cmath>

namespace {

struct Exponential final : parts::WithWarmUp {
  static constexpr braid::About about{.summary = "Multiplies the rate by a factor after each epoch.",
                                      .equation = "min(1, (step + 1) / warm_up)·factor^epoch"};

  braid::Param<double> per_epoch{*this, "factor", 1.0, "The rate is multiplied by it after each epoch.", {.low = 0}};

  double factor(const braid::RunPosition& at) const override {
    return warm_up_factor(at) * std::pow(per_epoch(), static_cast<double>(at.epoch));
  }
};

}  // namespace

BRAID_PLUGIN(Exponential, "exponential", "0.1.0")
