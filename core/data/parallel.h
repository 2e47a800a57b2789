// A loop over numbered pieces of work, in parallel where there are enough of them.
#pragma once

#include <cstdint>

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

namespace braid::data {

template <class Each>
void parallel(std::int64_t n, std::int64_t grain, const Each& each) {
  if (n <= grain) {
    for (std::int64_t i = 0; i < n; ++i) each(i);
    return;
  }
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, n, grain), [&](const auto& range) {
    for (auto i = range.begin(); i != range.end(); ++i) each(i);
  });
}

// While it lives, no more than `threads` run such loops.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads)
      : control_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads > 0 ? threads : 1)) {}

 private:
  tbb::global_control control_;
};

}  // namespace braid::data
