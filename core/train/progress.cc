#include "train/progress.h"

#include "log/log.h"

#include <cstdio>

namespace braid::train {

using Clock = std::chrono::steady_clock;

Progress::Progress(std::string name, std::int64_t total)
    : name_(std::move(name)), total_(total), start_(Clock::now()), last_(start_) {}
Progress::~Progress() { log::progress_end(); }

void Progress::start(std::int64_t done) {
  before_ = done;
  start_ = last_ = Clock::now();
}

void Progress::say(const std::string& line) { log::info(line); }

void Progress::step(std::int64_t done, std::int64_t rows, double loss, double waiting_share, const std::string& more) {
  rows_ += rows;
  const auto now = Clock::now();
  const double since = std::chrono::duration<double>(now - last_).count();
  if (since < (log::terminal() ? 0.1 : 10.0)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double left =
      done > before_ ? seconds / static_cast<double>(done - before_) * static_cast<double>(total_ - done) : 0;
  char line[256];
  std::snprintf(line, sizeof line, "%s step %lld/%lld  loss %.4f  %.0f rows/s  %.0f s left  waits for data %.0f %%%s",
                name_.c_str(), static_cast<long long>(done), static_cast<long long>(total_), loss,
                static_cast<double>(rows_) / seconds, left, 100 * waiting_share, more.c_str());
  log::progress(line);
}

}  // namespace braid::train
