// A warm-up, then half a cosine down to a share of the learning rate.
#include "plugins/parts/warm_up.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace {

struct Cosine final : parts::WithWarmUp {
  static constexpr braid::About about{
      .summary = "Falls along half a cosine from the end of the warm-up to the last step.",
      .paper = "Loshchilov and Hutter 2017, SGDR (arXiv 1608.03983), eq. 5, one cycle",
      .equation = "last + (1 - last)·(1 + cos(π·(step - warm_up) / (steps - warm_up))) / 2"};

  braid::Param<double> last{
      *this, "last", 0.0, "The share of the rate that is left at the end.", {.low = 0, .high = 1}};

  double factor(const braid::RunPosition& at) const override {
    if (warming(at)) return warm_up_factor(at);
    const double length = static_cast<double>(std::max<std::int64_t>(at.steps - warm_up, 1));
    const double share = std::min(1.0, static_cast<double>(at.step - warm_up) / length);
    return last + (1 - last) * 0.5 * (1 + std::cos(std::numbers::pi * share));
  }
};

}  // namespace

BRAID_PLUGIN(Cosine, "cosine", "0.1.0")
