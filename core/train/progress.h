// The line that long work shows: rewritten in place on a terminal, printed now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace braid::train {

class Progress {
 public:
  // `total`: steps of the whole run.
  Progress(std::string name, std::int64_t total);
  ~Progress();
  void start(std::int64_t done);  // steps that an earlier process made: the rate and the time left are of this one
  // After a step. Shows at most ten times a second (terminal), every ten seconds elsewhere.
  void step(std::int64_t done, std::int64_t rows, double loss, double waiting_share, const std::string& more);
  // A line of its own, above the progress line.
  void say(const std::string& line);

 private:
  std::string name_;
  std::int64_t total_, rows_ = 0, before_ = 0;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace braid::train
