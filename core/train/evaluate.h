// Metrics over splits and slices.
#pragma once

#include "data/source.h"
#include "graph/graph.h"

#include <map>
#include <string>

namespace braid::train {

using Figures = std::map<std::string, double>;  // metric name to its value; NaN where it is not defined

struct SplitFigures {
  std::int64_t rows = 0;
  Figures all;
  std::map<std::string, Figures> slices;
  std::map<std::string, std::int64_t> slice_rows;
  double seconds = 0;
};

// Runs the serving side of the graph over one split, in evaluation mode, and finishes every metric over all its rows
// and over each slice's. Rows are merged in the order of their keys: batches and threads do not matter.
SplitFigures evaluate(const recipe::Plan& plan, data::Source& source, graph::Graph& graph, const std::string& split,
                      const graph::Mode& mode);

}  // namespace braid::train
