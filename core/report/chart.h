// Curves as SVG: one small chart each, drawn to be read beside others.
#pragma once

#include "report/run_files.h"

#include <cstdint>
#include <string>
#include <vector>

namespace braid::report {

struct Chart {
  std::string title;                                   // text
  std::string comment;                                 // text beside it: "last 0.4312"
  std::vector<std::pair<std::string, Series>> curves;  // one: smoothed over its raw line. Several: named, in a legend
  bool smooth = false;                                 // values of single steps; false: dots joined by lines
  std::int64_t best_step = -1;                         // marked, with its value; -1: none
  std::string unit;                                    // of the values, "rows/s"; may be empty
  std::vector<std::int64_t> epochs;                    // steps with a mark on the axis
};

// <figure>; nothing when no curve has a point.
std::string chart_html(const Chart& chart);

// Round values in [low, high], some `about` of them, ascending: ticks of an axis.
std::vector<double> ticks(double low, double high, int about);
// Mean over a window of points around each; the same number of points.
std::vector<double> smoothed(const std::vector<double>& values, std::size_t window);

}  // namespace braid::report
