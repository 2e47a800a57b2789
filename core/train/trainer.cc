#include "train/trainer.h"

#include "train/optimizer.h"
#include "train/progress.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>

namespace braid::train {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t gradient_steps = 5;  // a gate that starts at zero lets gradients through from the second

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string rounded(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", x);
  return text;
}

// The metric that chooses weights, and whether more of it is better.
struct Judge {
  std::string metric;
  bool higher = true;
  bool better(double now, double before) const {
    return std::isnan(before) ? !std::isnan(now) : (higher ? now > before : now < before);
  }
};

class Loop {
 public:
  Loop(const recipe::Plan& plan, data::Source& source, graph::Graph& graph,
       const std::function<void(const nlohmann::json&)>& record, const std::string& name)
      : plan_(plan),
        source_(source),
        graph_(graph),
        record_(record),
        rows_(source.rows("train")),
        per_epoch_((rows_ + plan.train.batch - 1) / plan.train.batch),
        total_(plan.train.steps > 0 ? std::min(plan.train.steps, per_epoch_ * plan.train.epochs)
                                    : per_epoch_ * plan.train.epochs),
        optimizer_(plan.train, graph.weights(), total_, [&graph](std::size_t w) { graph.mark_touched(w); }),
        progress_(name, total_),
        entities_(plan.axes.size(), 0) {
    if (rows_ == 0) throw Error("the train split has no rows [no-rows]");
    for (std::size_t m = 0; m < plan.metrics.size(); ++m)
      if (plan.metrics[m].name == plan.train.keep_best || (plan.train.keep_best.empty() && m == 0)) {
        judge_.metric = plan.metrics[m].name;
        judge_.higher = graph.metric(m).higher_is_better();
      }
    dead_.assign(graph.weights().size(), true);
    norms_.assign(graph.weights().size(), 0);
  }

  Outcome run() {
    for (std::int64_t epoch = 0; epoch < plan_.train.epochs && step_ < total_ && !stopped_; ++epoch) {
      graph_.prepare(epoch);
      run_epoch(epoch);
      outcome_.epochs = epoch + 1;
      if (plan_.train.validate == 0) validate(epoch);
    }
    if (plan_.train.validate > 0 && last_validated_ != step_) validate(outcome_.epochs - 1);
    restore();
    outcome_.steps = step_;
    report();
    return outcome_;
  }

 private:
  void run_epoch(std::int64_t epoch) {
    data::PassOptions options;
    options.batch = plan_.train.batch;
    options.training = options.shuffle = true;
    options.seed = plan_.train.seed;
    options.epoch = epoch;
    options.first_step = step_;
    auto pass = source_.pass(options);
    const double waited_before = outcome_.waited;
    while (step_ < total_ && !stopped_) {
      const auto start = Clock::now();
      const auto batch = pass->next();
      if (!batch) break;
      const double loss = step(batch, epoch);
      outcome_.seconds += since(start);
      outcome_.waited = waited_before + pass->waited_seconds();
      outcome_.rows += batch->rows;
      for (std::size_t a = 0; a < entities_.size(); ++a) entities_[a] += batch->axes[a].rows;
      ++step_;
      progress_.step(step_, batch->rows, loss, outcome_.waited / std::max(outcome_.seconds, 1e-9), "");
      if (plan_.train.validate > 0 && step_ % plan_.train.validate == 0) validate(epoch);
    }
  }

  double step(const std::shared_ptr<const data::Batch>& batch, std::int64_t epoch) {
    graph_.copy_weights(step_);
    graph_.run(batch, {.training = true, .step = step_, .epoch = epoch});
    at::Tensor total;
    nlohmann::json line{{"step", step_}, {"epoch", epoch}};
    double shown = 0;
    for (const auto& loss : graph_.losses()) {
      total = total.defined() ? total + loss.value : loss.value;
      const double mean = loss.sum / static_cast<double>(std::max<std::int64_t>(loss.count, 1));
      if (!std::isfinite(mean))
        throw Error("the loss of node '" + plan_.nodes[static_cast<std::size_t>(loss.node)].name + "' is " +
                    std::to_string(mean) + " in step " + std::to_string(step_) +
                    ": lower the rate or clip gradients ([train] clip) [not-finite]");
      line["losses"][plan_.nodes[static_cast<std::size_t>(loss.node)].name] = mean;
      shown += mean * loss.weight;
    }
    if (!total.defined()) throw Error("the recipe has no loss to learn from [no-loss]");
    total.backward();
    if (step_ < gradient_steps) watch_gradients();
    line["gradient_norm"] = optimizer_.step(step_, epoch);
    graph_.clamp_scalars();
    graph_.clear();
    record_(line);
    return shown;
  }

  void watch_gradients() {
    const auto& weights = graph_.weights();
    for (std::size_t w = 0; w < weights.size(); ++w) {
      const auto& grad = weights[w].value.grad();
      if (!grad.defined()) continue;
      const double norm = (grad.is_sparse() ? grad.coalesce().values() : grad).norm().item<double>();
      norms_[w] += norm * norm;
      if (norm > 0) dead_[w] = false;
    }
  }

  void validate(std::int64_t epoch) {
    last_validated_ = step_;
    if (judge_.metric.empty() || source_.rows("valid") == 0) return;
    const auto figures = evaluate(plan_, source_, graph_, "valid", {.training = false, .step = step_, .epoch = epoch});
    const double now = figures.all.at(judge_.metric);
    const bool gain = judge_.better(now, best_);
    nlohmann::json line{{"step", step_}, {"epoch", epoch}, {"split", "valid"}, {"seconds", figures.seconds}};
    std::string text = "epoch " + std::to_string(epoch + 1) + "  step " + std::to_string(step_) + "  valid";
    for (const auto& [name, value] : figures.all) {
      line["metrics"][name] = value;
      text += "  " + name + " " + rounded(value);
    }
    record_(line);
    progress_.say(text + (gain ? "  *" : ""));
    if (gain) {
      best_ = now;
      without_gain_ = 0;
      outcome_.best_step = step_;
      if (plan_.train.best) keep();
    } else if (plan_.train.patience > 0 && ++without_gain_ >= plan_.train.patience) {
      stopped_ = true;
      progress_.say("no gain in " + judge_.metric + " for " + std::to_string(without_gain_) + " validations: stopped");
    }
  }

  void keep() {
    const at::NoGradGuard off;
    kept_.clear();
    for (const auto& w : graph_.weights()) kept_.push_back(w.value.detach().clone());
  }
  void restore() {
    const at::NoGradGuard off;
    if (kept_.empty()) {
      outcome_.best_step = step_;
      return;
    }
    for (std::size_t w = 0; w < kept_.size(); ++w) graph_.weights()[w].value.copy_(kept_[w]);
  }

  void report() {
    const auto& weights = graph_.weights();
    for (std::size_t w = 0; w < weights.size(); ++w) {
      outcome_.parameters += weights[w].value.numel();
      const auto& node = plan_.nodes[static_cast<std::size_t>(weights[w].node)].name;
      if (outcome_.gradients.empty() || outcome_.gradients.back().node != node)
        outcome_.gradients.push_back({node, 0, 0, {}});
      auto& row = outcome_.gradients.back();
      row.parameters += weights[w].value.numel();
      row.norm += norms_[w];
      if (dead_[w] && weights[w].value.requires_grad() && weights[w].value.numel() > 0)
        row.dead.push_back(weights[w].name);
    }
    for (auto& row : outcome_.gradients)
      row.norm = std::sqrt(row.norm / static_cast<double>(std::max<std::int64_t>(1, std::min(step_, gradient_steps))));
    for (std::size_t a = 0; a < entities_.size(); ++a)
      if (entities_[a] > 0)
        outcome_.entities_per_row.emplace_back(
            plan_.axes[a].name,
            static_cast<double>(entities_[a]) / static_cast<double>(std::max<std::int64_t>(outcome_.rows, 1)));
  }

  const recipe::Plan& plan_;
  data::Source& source_;
  graph::Graph& graph_;
  const std::function<void(const nlohmann::json&)>& record_;
  std::int64_t rows_, per_epoch_, total_;
  Optimizer optimizer_;
  Progress progress_;
  Judge judge_;
  Outcome outcome_;
  std::vector<std::int64_t> entities_;
  std::vector<bool> dead_;
  std::vector<double> norms_;
  std::vector<at::Tensor> kept_;
  double best_ = std::nan("");
  std::int64_t step_ = 0, last_validated_ = -1, without_gain_ = 0;
  bool stopped_ = false;
};

}  // namespace

Outcome train(const recipe::Plan& plan, data::Source& source, graph::Graph& graph,
              const std::function<void(const nlohmann::json&)>& record, const std::string& name) {
  return Loop(plan, source, graph, record, name).run();
}

}  // namespace braid::train
