// oneTBB's functions that Braid calls, each with threads of its own. The installed library is not compiled with
// ThreadSanitizer, which then does not see how its threads hand over work, and takes every task for a race. Here it
// sees all of it. Slow, and only for tests under ThreadSanitizer.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace tbb {

inline constexpr std::size_t pieces = 3;  // that work is cut into, a thread each

namespace detail {
// Calls each(k) for k in [0, n) on as many threads. Throws what one of them threw.
template <class Each>
void on_threads(std::size_t n, const Each& each) {
  std::exception_ptr failure;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (std::size_t k = 0; k < n; ++k)
    threads.emplace_back([&, k] {
      try {
        each(k);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    });
  for (auto& one : threads) one.join();
  if (failure) std::rethrow_exception(failure);
}
}  // namespace detail

template <class Index>
class blocked_range {
 public:
  blocked_range(Index begin, Index end, std::size_t = 1) : begin_(begin), end_(end) {}
  Index begin() const { return begin_; }
  Index end() const { return end_; }

 private:
  Index begin_, end_;
};
struct simple_partitioner {};

template <class Index, class Body>
void parallel_for(const blocked_range<Index>& range, const Body& body) {
  if (!(range.begin() < range.end())) return;
  const auto n = static_cast<std::size_t>(range.end() - range.begin());
  const auto parts = std::min(n, pieces);
  detail::on_threads(parts, [&](std::size_t k) {
    const auto at = [&](std::size_t part) {
      return static_cast<Index>(range.begin() + static_cast<Index>(n * part / parts));
    };
    body(blocked_range<Index>(at(k), at(k + 1)));
  });
}
template <class Body>
void parallel_for(std::size_t first, std::size_t last, const Body& body, simple_partitioner = {}) {
  parallel_for(blocked_range<std::size_t>(first, last), [&](const auto& range) {
    for (auto k = range.begin(); k != range.end(); ++k) body(k);
  });
}

template <class Iterator, class Less>
void parallel_sort(Iterator begin, Iterator end, const Less& less) {
  std::sort(begin, end, less);
}
template <class Iterator>
void parallel_sort(Iterator begin, Iterator end) {
  std::sort(begin, end);
}

enum class filter_mode { serial_in_order };
class flow_control {
 public:
  void stop() { stopped = true; }
  bool stopped = false;
};
namespace detail {
template <class Make>
struct First {
  Make make;
};
template <class Take>
struct Last {
  Take take;
};
template <class Make, class Take>
struct Both {
  Make make;
  Take take;
};
template <class Make, class Take>
Both<Make, Take> operator&(const First<Make>& first, const Last<Take>& last) {
  return {first.make, last.take};
}
}  // namespace detail
template <class In, class Out, class Body>
auto make_filter(filter_mode, const Body& body) {
  if constexpr (std::is_void_v<In>) return detail::First<Body>{body};
  else return detail::Last<Body>{body};
}
// One item is made on a thread of its own while the one before it is taken.
template <class Make, class Take>
void parallel_pipeline(std::size_t, const detail::Both<Make, Take>& both) {
  flow_control flow;
  auto now = both.make(flow);
  while (!flow.stopped) {
    auto next = now;
    detail::on_threads(2, [&](std::size_t k) {
      if (k == 0) next = both.make(flow);
      else both.take(now);
    });
    now = next;
  }
}

class global_control {
 public:
  enum parameter { max_allowed_parallelism };
  global_control(parameter, std::size_t) {}
};

class task_arena {
 public:
  enum class priority { low };
  static constexpr int automatic = -1;
  explicit task_arena(int = automatic, unsigned = 1, priority = priority::low) {}
  template <class Body>
  auto execute(const Body& body) {
    return body();
  }
};
class task_scheduler_observer {
 public:
  explicit task_scheduler_observer(task_arena&) {}
  virtual ~task_scheduler_observer() = default;
  virtual void on_scheduler_entry(bool) {}
  void observe(bool) {}
};

}  // namespace tbb
