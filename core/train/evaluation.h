// Metrics over splits and slices.
#pragma once

#include "data/source.h"
#include "graph/execution.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace braid::train {

using Figures = std::map<std::string, double>;  // metric name to its value; NaN where it is not defined

struct SplitFigures {
  std::int64_t rows = 0;
  Figures all;
  std::map<std::string, Figures> slices;
  std::map<std::string, std::int64_t> slice_rows;
  double seconds = 0;
  recipe::Indexed<recipe::NodeId, double> node_seconds;  // forward
};

// One run over a split, batch by batch, so that it can be left and taken up again. Runs what the metrics need, in
// evaluation mode, and finishes every metric over all rows and over each slice's. Rows are merged in the order of their
// keys: batches and threads do not matter. One thread.
class Evaluation {
 public:
  Evaluation(const graph::Model& model, data::Source& source, std::string split, const graph::Mode& mode);
  ~Evaluation();
  // Goes on after what save() gave; throws Error when it does not fit.
  void load(const std::map<std::string, at::Tensor>& tensors, const std::string& cursor);
  bool step();  // one batch; false: there was none left
  SplitFigures finish();

  const std::string& split() const;
  const std::string& cursor() const;  // of its pass over the data, with save() and for load()
  std::vector<std::pair<std::string, at::Tensor>> save() const;  // what the metrics have seen so far

 private:
  struct Inside;
  std::unique_ptr<Inside> in_;
};

// The whole of it at once.
SplitFigures evaluate(const graph::Model& model, data::Source& source, const std::string& split,
                      const graph::Mode& mode);

// Why a metric is not defined on the validation rows, where one label is the same for all: ": all 200 have the label
// 0". Empty where that is not so, or [eval] wires no label. Costs a pass over these rows.
std::string why_undefined(const recipe::Plan& plan, data::Source& source);

// As metrics.jsonl and result.json have it; a figure that is not defined for these rows is null.
nlohmann::json to_json(const Figures& figures);
nlohmann::json to_json(const SplitFigures& split);

}  // namespace braid::train
