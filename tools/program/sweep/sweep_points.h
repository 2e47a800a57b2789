// The points of a sweep: what --over says, and the grid or the draws over it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace braid::tools {

// Throws Failure: a mistake in the command line of `braid sweep`.
[[noreturn]] void refuse_sweep(const std::string& what, const std::string& note = "");

// One --over: a key of the recipe, and the values that it takes or the range that they are drawn from.
struct SweepAxis {
  std::string key;
  std::vector<std::string> values;  // as --set takes them; empty: a range
  double low = 0, high = 0;
  bool whole = false;  // a range of whole numbers, both ends among them
  bool log = false;    // drawn evenly over the logarithm
};

// "KEY=VALUE,VALUE,..." or "KEY=LOW..HIGH[:log]". Commas in brackets, braces and quotes part nothing. Throws Failure.
SweepAxis sweep_axis(const std::string& text);

// One value for each axis, in the axes' order.
using SweepPoint = std::vector<std::string>;

// All combinations; the last axis changes fastest. Throws Failure: an axis is a range.
std::vector<SweepPoint> sweep_grid(const std::vector<SweepAxis>& axes);

// `count` different points. A value is a function of `seed`, the point's number and its key, so that more points do not
// change the first ones, nor does another axis. Throws Failure where there are not so many.
std::vector<SweepPoint> sweep_draws(const std::vector<SweepAxis>& axes, std::size_t count, std::uint64_t seed);

// "train.batch=512 train.epochs=2".
std::string settings_text(const std::vector<SweepAxis>& axes, const SweepPoint& point);

}  // namespace braid::tools
