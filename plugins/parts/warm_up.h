// The warm-up that every schedule of ours has.
#pragma once

#include <braid/plugin.h>

namespace parts {

class WithWarmUp : public braid::Schedule {
 public:
  braid::Param<std::int64_t> warm_up{*this,
                                     "warm_up",
                                     0,
                                     "Steps over which the rate grows linearly from rate / warm_up to `rate`.",
                                     {.low = 0, .high = 2147483647, .unit = "steps"}};

 protected:
  bool warming(const braid::RunPosition& at) const { return at.step < warm_up; }
  double warm_up_factor(const braid::RunPosition& at) const {
    return warming(at) ? static_cast<double>(at.step + 1) / static_cast<double>(warm_up()) : 1;
  }
};

}  // namespace parts
