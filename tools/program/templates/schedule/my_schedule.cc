// How the learning rate changes: up and down again in straight lines, one cycle.
#include <braid/plugin.h>

#include <algorithm>

namespace {

struct MySchedule final : braid::Schedule {
  static constexpr braid::About about{
      .summary = "Rises to the rate until `peak` of the run, then falls to zero.",
      .equation = "min(share / peak, (1 - share) / (1 - peak)), share = (step + 1) / steps"};

  braid::Param<double> peak{
      *this, "peak", 0.3, "The share of the run's steps until the highest rate.", {.low = 0.01, .high = 0.99}};

  double factor(const braid::RunPosition& at) const override {
    const double share = std::min(1.0, static_cast<double>(at.step + 1) / static_cast<double>(at.steps));
    return std::min(share / peak, (1 - share) / (1 - peak));
  }
};

}  // namespace

BRAID_PLUGIN(MySchedule, "my_schedule", "0.1.0")
