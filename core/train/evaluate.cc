#include "train/evaluate.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace braid::train {
namespace {

// One metric's columns over a split, and the rows of it that count.
class Columns final : public Rows {
 public:
  explicit Columns(std::size_t states) : reals_(states), wholes_(states) {}
  std::size_t size() const override { return size_; }
  std::span<const float> reals(const State& column) const override { return reals_[column.index()]; }
  std::span<const std::int64_t> wholes(const State& column) const override { return wholes_[column.index()]; }

  void add(const FrameState& frame, const std::vector<State::Type>& types, const std::vector<std::int64_t>& keys,
           const std::vector<std::int64_t>& rows) {
    for (std::size_t s = 0; s < types.size(); ++s) {
      const auto& values = frame.appended[s];
      if (!values.defined()) throw std::logic_error("metric '" + frame.node + "' appended nothing to a state");
      if (types[s] == State::real) {
        const auto flat = values.to(at::kFloat).cpu().contiguous().flatten();
        reals_[s].insert(reals_[s].end(), flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel());
      } else {
        const auto flat = values.to(at::kLong).cpu().contiguous().flatten();
        wholes_[s].insert(wholes_[s].end(), flat.const_data_ptr<std::int64_t>(),
                          flat.const_data_ptr<std::int64_t>() + flat.numel());
      }
    }
    keys_.insert(keys_.end(), keys.begin(), keys.end());
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    size_ = keys_.size();
    for (std::size_t s = 0; s < types.size(); ++s)
      if ((types[s] == State::real ? reals_[s].size() : wholes_[s].size()) != size_)
        throw std::logic_error("metric '" + frame.node + "' appended another number of rows than the batch has");
  }

  // The rows for which `keep` holds (all when empty), in the order of their keys.
  Columns chosen(const std::vector<bool>& keep) const {
    std::vector<std::size_t> order;
    for (std::size_t k = 0; k < size_; ++k)
      if (keep.empty() || (rows_[k] >= 0 && keep[static_cast<std::size_t>(rows_[k])])) order.push_back(k);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys_[a] < keys_[b]; });
    Columns out(reals_.size());
    out.size_ = order.size();
    for (std::size_t s = 0; s < reals_.size(); ++s)
      for (const auto k : order) {
        if (!reals_[s].empty()) out.reals_[s].push_back(reals_[s][k]);
        if (!wholes_[s].empty()) out.wholes_[s].push_back(wholes_[s][k]);
      }
    return out;
  }

 private:
  std::size_t size_ = 0;
  std::vector<std::vector<float>> reals_;
  std::vector<std::vector<std::int64_t>> wholes_;
  std::vector<std::int64_t> keys_, rows_;
};

}  // namespace

SplitFigures evaluate(const recipe::Plan& plan, data::Source& source, graph::Graph& graph, const std::string& split,
                      const graph::Mode& mode) {
  const auto start = std::chrono::steady_clock::now();
  const at::NoGradGuard off;
  data::PassOptions options;
  options.split = split;
  options.batch = plan.eval.batch > 0 ? plan.eval.batch : plan.train.batch;
  options.seed = plan.train.seed;
  options.first_step = mode.step;
  auto pass = source.pass(options);
  std::vector<Columns> columns;
  for (std::size_t m = 0; m < plan.metrics.size(); ++m) columns.emplace_back(graph.metric(m).state().states.size());
  SplitFigures out;
  graph::Mode quiet = mode;
  quiet.training = false;
  while (const auto batch = pass->next()) {
    graph.run(batch, quiet);
    out.rows += batch->rows;
    for (std::size_t m = 0; m < plan.metrics.size(); ++m) {
      auto frame = graph.metric_frame(m, quiet);
      run_frame(frame);
      const auto own = frame.keys.contiguous();
      std::vector<std::int64_t> keys(own.const_data_ptr<std::int64_t>(),
                                     own.const_data_ptr<std::int64_t>() + own.numel());
      // Slices are over the driving table's rows; a metric over another axis has none of them.
      auto rows = batch->row_numbers;
      if (rows.size() != keys.size()) rows.assign(keys.size(), -1);
      columns[m].add(frame, graph.metric(m).state().state_types, keys, rows);
    }
  }
  graph.clear();
  const auto finish = [&](const std::vector<bool>& keep, std::int64_t* rows) {
    Figures figures;
    for (std::size_t m = 0; m < plan.metrics.size(); ++m) {
      const auto chosen = columns[m].chosen(keep);
      figures[plan.metrics[m].name] = graph.metric(m).finish(chosen);
      if (rows) *rows = static_cast<std::int64_t>(chosen.size());
    }
    return figures;
  };
  out.all = finish({}, nullptr);
  for (const auto& slice : plan.slices) {
    std::int64_t rows = 0;
    out.slices[slice.name] = finish(source.slice(slice), &rows);
    out.slice_rows[slice.name] = rows;
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

}  // namespace braid::train
