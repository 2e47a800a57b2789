// What the benchmarks share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace braid::kernels {

// The middle one; of an even number the upper of the two.
inline double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace braid::kernels
