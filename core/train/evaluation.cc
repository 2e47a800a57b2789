#include "train/evaluation.h"

#include "recipe/document/diagnostics.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <numeric>
#include <optional>
#include <sstream>
#include <stdexcept>

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
        throw Error("it appended " + std::to_string(types[s] == State::real ? reals_[s].size() : wholes_[s].size()) +
                    " values to a state over batches of " + std::to_string(size_) + " rows");
  }

  // Tensors "0.reals" (one per state), "keys" and "rows", with `prefix` before them.
  std::vector<std::pair<std::string, at::Tensor>> save(const std::string& prefix) const {
    std::vector<std::pair<std::string, at::Tensor>> out;
    const auto add = [&](const std::string& name, const auto& values, at::ScalarType type) {
      auto t = at::empty({static_cast<std::int64_t>(values.size())}, at::TensorOptions().dtype(type));
      if (!values.empty()) std::memcpy(t.mutable_data_ptr(), values.data(), t.nbytes());
      out.emplace_back(prefix + name, t);
    };
    for (std::size_t s = 0; s < reals_.size(); ++s) {
      add(std::to_string(s) + ".reals", reals_[s], at::kFloat);
      add(std::to_string(s) + ".wholes", wholes_[s], at::kLong);
    }
    add("keys", keys_, at::kLong);
    add("rows", rows_, at::kLong);
    return out;
  }
  void load(const std::map<std::string, at::Tensor>& tensors, const std::string& prefix) {
    const auto take = [&](const std::string& name, auto& values) {
      const auto found = tensors.find(prefix + name);
      if (found == tensors.end())
        throw Error("file", {}, "the evaluation that was under way lacks '" + prefix + name + "'");
      using T = typename std::decay_t<decltype(values)>::value_type;
      const auto* data = found->second.const_data_ptr<T>();
      values.assign(data, data + found->second.numel());
    };
    for (std::size_t s = 0; s < reals_.size(); ++s) {
      take(std::to_string(s) + ".reals", reals_[s]);
      take(std::to_string(s) + ".wholes", wholes_[s]);
    }
    take("keys", keys_);
    take("rows", rows_);
    size_ = keys_.size();
  }

  // Row numbers here in the order of the rows' keys; equal keys stay as they came.
  std::vector<std::uint32_t> order() const {
    std::vector<std::uint32_t> out(size_);
    std::iota(out.begin(), out.end(), 0u);
    if (std::is_sorted(keys_.begin(), keys_.end())) return out;
    std::vector<std::pair<std::int64_t, std::uint32_t>> sorted;  // side by side: nothing is looked up while sorting
    sorted.reserve(size_);
    for (const auto k : out) sorted.emplace_back(keys_[k], k);
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t k = 0; k < size_; ++k) out[k] = sorted[k].second;
    return out;
  }
  // Whether both have the same rows in the same order, so that one order serves both.
  bool same_rows(const Columns& other) const { return keys_ == other.keys_; }

  // The rows for which `keep` holds (all when empty), as `order` has them.
  Columns chosen(const std::vector<std::uint32_t>& order, const std::vector<bool>& keep) const {
    std::vector<std::uint32_t> some;
    if (!keep.empty())
      std::copy_if(order.begin(), order.end(), std::back_inserter(some),
                   [&](auto k) { return rows_[k] >= 0 && keep[static_cast<std::size_t>(rows_[k])]; });
    const auto& rows = keep.empty() ? order : some;
    Columns out(reals_.size());
    out.size_ = rows.size();
    const auto take = [&](const auto& from, auto& to) {
      if (from.empty()) return;
      to.resize(rows.size());
      for (std::size_t k = 0; k < rows.size(); ++k) to[k] = from[rows[k]];
    };
    for (std::size_t s = 0; s < reals_.size(); ++s) take(reals_[s], out.reals_[s]), take(wholes_[s], out.wholes_[s]);
    return out;
  }

 private:
  std::size_t size_ = 0;
  std::vector<std::vector<float>> reals_;
  std::vector<std::vector<std::int64_t>> wholes_;
  std::vector<std::int64_t> keys_, rows_;
};

// What a metric's component throws, with the metric's place.
template <class Work>
auto at_metric(const recipe::MetricPlan& metric, const std::string& split, Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    throw graph::NodeError(caught()
                               .in("metric '" + metric.name + "' (" + metric.use.plugin + "/" + metric.use.component +
                                   ") failed on the split '" + split + "'")
                               .at(recipe::location(metric.place), "metric"));
  }
}

// Sums of many rows may leave the range by rounding alone.
void demand_range(const recipe::MetricPlan& metric, const Range& range, double value) {
  constexpr double rounding = 1e-6;
  if (!(value < range.low - rounding) && !(value > range.high + rounding)) return;
  std::ostringstream out;
  out << recipe::text_of(metric.place) << ": error: metric '" << metric.name << "' (" << metric.use.plugin << "/"
      << metric.use.component << ") gave " << value << ", outside of its range from " << range.low << " to "
      << range.high << " [metric]";
  throw std::logic_error(out.str());
}

double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

struct Evaluation::Inside {
  const graph::Model& model;
  const recipe::Plan& plan;
  data::Source& source;
  std::string split;
  graph::Mode mode;
  graph::Execution execution;
  std::unique_ptr<data::Pass> pass;
  std::vector<Columns> columns;
  std::string cursor;  // of the pass, after the batches that the metrics have seen
  SplitFigures out;

  void open() {
    data::PassOptions options;
    options.split = split;
    options.batch = plan.eval.batch > 0 ? plan.eval.batch : plan.train.batch;
    options.seed = plan.train.seed;
    options.first_step = mode.step;
    options.cursor = cursor;
    pass = source.pass(options);
  }
};

Evaluation::Evaluation(const graph::Model& model, data::Source& source, std::string split, const graph::Mode& mode)
    : in_(new Inside{
          model, model.plan(), source, std::move(split), mode, graph::Execution(model), nullptr, {}, "", {}}) {
  in_->mode.training = false;
  for (std::size_t m = 0; m < model.plan().metrics.size(); ++m)
    in_->columns.emplace_back(model.metric(m).state().states.size());
}
Evaluation::~Evaluation() = default;

const std::string& Evaluation::split() const { return in_->split; }
const std::string& Evaluation::cursor() const { return in_->cursor; }

std::vector<std::pair<std::string, at::Tensor>> Evaluation::save() const {
  std::vector<std::pair<std::string, at::Tensor>> out;
  for (std::size_t m = 0; m < in_->columns.size(); ++m)
    for (auto& one : in_->columns[m].save("evaluation." + in_->plan.metrics[m].name + "."))
      out.push_back(std::move(one));
  return out;
}

void Evaluation::load(const std::map<std::string, at::Tensor>& tensors, const std::string& cursor) {
  for (std::size_t m = 0; m < in_->columns.size(); ++m)
    in_->columns[m].load(tensors, "evaluation." + in_->plan.metrics[m].name + ".");
  in_->cursor = cursor;
}

bool Evaluation::step() {
  auto& in = *in_;
  const auto start = std::chrono::steady_clock::now();
  const at::NoGradGuard off;
  if (!in.pass) in.open();
  const auto batch = in.pass->next();
  if (!batch) return false;
  in.execution.run(batch, in.mode);
  for (std::size_t m = 0; m < in.columns.size(); ++m) {
    auto frame = in.execution.metric_frame(m);
    at_metric(in.plan.metrics[m], in.split, [&] { run_frame(frame); });
    const auto own = frame.keys.contiguous();
    std::vector<std::int64_t> keys(own.const_data_ptr<std::int64_t>(),
                                   own.const_data_ptr<std::int64_t>() + own.numel());
    // Slices are over the driving table's rows; a metric over another axis has none of them.
    auto rows = batch->row_numbers;
    if (rows.size() != keys.size()) rows.assign(keys.size(), -1);
    at_metric(in.plan.metrics[m], in.split,
              [&] { in.columns[m].add(frame, in.model.metric(m).state().state_types, keys, rows); });
  }
  in.cursor = in.pass->cursor();
  in.out.seconds += since(start);
  return true;
}

SplitFigures Evaluation::finish() {
  auto& in = *in_;
  const auto start = std::chrono::steady_clock::now();
  const at::NoGradGuard off;
  in.execution.clear();
  in.out.node_seconds = in.execution.take_seconds();
  std::vector<std::vector<std::uint32_t>> orders(in.plan.metrics.size());
  std::vector<std::size_t> order_of(in.plan.metrics.size());
  for (std::size_t m = 0; m < orders.size(); ++m) {
    order_of[m] = m > 0 && in.columns[m].same_rows(in.columns[order_of[m - 1]]) ? order_of[m - 1] : m;
    if (order_of[m] == m) orders[m] = in.columns[m].order();
  }
  const auto finish = [&](const std::vector<bool>& keep, std::int64_t* rows) {
    Figures figures;
    for (std::size_t m = 0; m < in.plan.metrics.size(); ++m) {
      const auto chosen = in.columns[m].chosen(orders[order_of[m]], keep);
      const auto& metric = in.model.metric(m);
      const double value = at_metric(in.plan.metrics[m], in.split, [&] { return metric.finish(chosen); });
      demand_range(in.plan.metrics[m], metric.range(), value);
      figures[in.plan.metrics[m].name] = value;
      if (rows) *rows = static_cast<std::int64_t>(chosen.size());
    }
    return figures;
  };
  in.out.rows = in.source.rows(in.split);
  in.out.all = finish({}, nullptr);
  for (std::size_t s = 0; s < in.plan.slices.size(); ++s) {
    const auto& name = in.plan.slices[s].name;
    std::int64_t rows = 0;
    in.out.slices[name] = finish(in.source.slice(s), &rows);
    in.out.slice_rows[name] = rows;
  }
  in.out.seconds += since(start);
  return in.out;
}

SplitFigures evaluate(const graph::Model& model, data::Source& source, const std::string& split,
                      const graph::Mode& mode) {
  Evaluation run(model, source, split, mode);
  while (run.step()) {
  }
  return run.finish();
}

std::string why_undefined(const recipe::Plan& plan, data::Source& source) {
  const auto& wire = plan.eval.label;
  const auto* from = wire && !wire->via ? std::get_if<recipe::LabelOf>(&wire->source) : nullptr;
  if (!from) return "";
  data::PassOptions options;
  options.split = "valid";
  options.batch = plan.train.batch;
  std::int64_t rows = 0;
  std::optional<float> label;
  const auto pass = source.pass(options);
  while (const auto batch = pass->next()) {
    const auto* values = batch->labels[from->label].as<float>();
    if (!values) return "";
    for (std::int64_t k = 0; k < batch->rows; ++k) {
      if (label && *label != values[k]) return "";  // missing labels differ from each other, too
      label = values[k];
    }
    rows += batch->rows;
  }
  if (!label || std::isnan(*label)) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(*label));
  return ": all " + std::to_string(rows) + " have the label " + text;
}

nlohmann::json to_json(const Figures& figures) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [name, value] : figures) out[name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
  return out;
}

nlohmann::json to_json(const SplitFigures& split) {
  auto out = to_json(split.all);
  out["rows"] = split.rows;
  for (const auto& [slice, figures] : split.slices) {
    out["slices"][slice] = to_json(figures);
    out["slices"][slice]["rows"] = split.slice_rows.at(slice);
  }
  return out;
}

}  // namespace braid::train
