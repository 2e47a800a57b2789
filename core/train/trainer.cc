#include "train/trainer.h"

#include "train/gradients.h"
#include "train/interrupt.h"
#include "train/optimizer.h"
#include "train/progress.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>

namespace braid::train {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;
constexpr std::int64_t gradient_steps = 5;  // a gate that starts at zero lets gradients through from the second
constexpr std::int64_t most_skips = 10;     // steps skipped in a row
constexpr double between_checkpoints = 300, between_timings = 2;  // seconds
constexpr std::int64_t steps_timed_alone = 64;  // enough for a median, and to see a start that is slow

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string rounded(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", x);
  return text;
}

std::string short_text(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", x);
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// The metric that chooses weights, and whether more of it is better.
struct Judge {
  std::string metric;
  bool higher = true;
  bool better(double now, double before) const {
    return std::isnan(before) ? !std::isnan(now) : (higher ? now > before : now < before);
  }
};

std::int64_t batches_of(std::int64_t rows, std::int64_t batch) { return rows / batch + (rows % batch > 0); }

// Steps of an epoch: its batches by [train] accumulate, the last one with what is left.
std::int64_t epoch_steps(const recipe::TrainPlan& train, std::int64_t batches) {
  return batches / train.accumulate + (batches % train.accumulate > 0);
}

// Steps of a run.
std::int64_t steps_of(const recipe::TrainPlan& train, std::int64_t batches) {
  std::int64_t all = 0;
  if (__builtin_mul_overflow(epoch_steps(train, batches), train.epochs, &all))
    throw Error("[train] epochs = " + std::to_string(train.epochs) + " makes more steps than can be counted [too-large]");
  return train.steps > 0 ? std::min(train.steps, all) : all;
}

// A loss over the batches of a step.
struct LossSum {
  double sum = 0, weight = 0;
  std::int64_t count = 0;
  double mean() const { return sum / static_cast<double>(std::max<std::int64_t>(count, 1)); }
};

// One step in progress: what its batches have shown so far.
struct Step {
  std::int64_t batches, seen = 0, rows = 0;  // planned; learnt from, the one that fails included
  double loss = 0, norm = 0;
  bool finite = true;
  std::vector<LossSum> losses;
  Json line;
};

class Loop {
 public:
  explicit Loop(const TrainJob& job)
      : job_(job),
        plan_(job.plan),
        graph_(job.graph),
        per_epoch_(batches_of(job.source.rows("train"), job.plan.train.batch)),
        total_(steps_of(job.plan.train, per_epoch_)),
        optimizer_(job.plan.train, job.graph.weights(), total_, [&job](std::size_t w) { job.graph.mark_touched(w); }),
        gradients_(job.plan, job.graph.weights()),
        progress_(job.name, total_),
        entities_(job.plan.axes.size(), 0),
        node_seconds_(job.plan.nodes.size(), 0) {
    if (job.source.rows("train") == 0 && plan_.train.epochs > 0) throw Error("the train split has no rows [no-rows]");
    for (std::size_t m = 0; m < plan_.metrics.size(); ++m)
      if (plan_.metrics[m].name == plan_.train.keep_best || (plan_.train.keep_best.empty() && m == 0)) {
        judge_.metric = plan_.metrics[m].name;
        judge_.higher = graph_.metric(m).higher_is_better();
      }
    dead_.assign(graph_.weights().size(), true);
    norms_.assign(graph_.weights().size(), 0);
    if (job.from) take(*job.from);
    settled_.emplace(plan_, job.source, graph_, plan_.data.cache_bytes);  // the weights are those of the run now
    if (const auto names = settled_->names(); !names.empty())
      progress_.say("computed ahead, for all rows: " + joined(names));
    progress_.start(step_);
  }

  Outcome run() {
    bool saved = false;
    while (!over())
      if (saved = epoch(); !saved) return halted();
    if (last_validated_ != step_ && !validate()) return halted();
    if (!saved) save();  // what is looked at below is of no use without the weights that it was made with
    choose();
    if (!figures()) return halted();
    outcome_.steps = step_;
    outcome_.epochs = epoch_ + (consumed_ > 0);
    report();
    return outcome_;
  }

 private:
  bool over() const { return stopped_ || step_ >= total_ || epoch_ >= plan_.train.epochs; }

  Outcome halted() {
    outcome_.stopped = true;
    outcome_.steps = step_;
    return outcome_;
  }

  // A metric that fails does so before the first step, not after an epoch of them.
  void try_metrics() {
    if (job_.source.rows("valid") == 0) return;
    Evaluation first(plan_, job_.source, graph_, "valid", graph::Mode{});
    if (first.step()) first.finish();
  }

  // The rest of an epoch, and a checkpoint at its end. False: a signal came, a checkpoint is written.
  bool epoch() {
    graph_.prepare(epoch_);
    if (step_ == 0) try_metrics();
    data::PassOptions options;
    options.batch = plan_.train.batch;
    options.training = options.shuffle = true;
    options.seed = plan_.train.seed;
    options.epoch = epoch_;
    options.accumulate = plan_.train.accumulate;
    options.first_step = epoch_ * epoch_steps(plan_.train, per_epoch_);
    options.skip = consumed_;
    auto pass = job_.source.pass(options);
    const double waited_before = outcome_.seconds.waiting;
    const auto every = plan_.train.validate;
    while (true) {
      if (every > 0 && step_ > 0 && step_ % every == 0 && last_validated_ != step_ && !validate()) return false;
      if (Interrupt::asked()) return save(), false;
      if (over()) break;
      if (due()) save();
      const auto start = Clock::now();
      Step now{.batches = std::min(plan_.train.accumulate, per_epoch_ - consumed_),
               .line = {{"step", step_}, {"epoch", epoch_}}};
      while (now.finite && now.seen < now.batches) {
        const auto batch = pass->next();
        if (!batch) break;
        learn(batch, now);
      }
      if (now.seen == 0) break;
      if (now.finite) update(now);
      job_.journal.metrics(now.line);
      outcome_.seconds.training += since(start);
      outcome_.seconds.waiting = waited_before + pass->waited_seconds();
      outcome_.rows += now.rows;
      ++step_;
      consumed_ += now.seen;
      tell_time();
      progress_.step(step_, now.rows, now.loss, outcome_.seconds.waiting / std::max(outcome_.seconds.training, 1e-9),
                     "");
    }
    const bool complete = consumed_ >= per_epoch_;
    if (complete && every == 0 && last_validated_ != step_ && !validate()) return false;
    if (complete) ++epoch_, consumed_ = 0;
    if (over() && last_validated_ != step_ && !validate()) return false;
    save();
    return true;
  }

  // Adds a batch's gradients to those of the step.
  void learn(const std::shared_ptr<const data::Batch>& batch, Step& now) {
    const graph::Mode mode{.training = true, .step = step_, .epoch = epoch_};
    auto start = Clock::now();
    if (now.seen == 0) graph_.copy_weights(step_);
    graph_.run(batch, mode, settled_->rest(), settled_->given(*batch));
    const auto& losses = graph_.losses();
    if (losses.empty()) throw Error("the recipe has no loss to learn from [no-loss]");
    now.losses.resize(losses.size());
    now.loss = 0;
    for (std::size_t k = 0; k < losses.size(); ++k) {
      auto& sum = now.losses[k];
      sum.sum += losses[k].sum;
      sum.count += losses[k].count;
      sum.weight = losses[k].weight;
      now.finite = now.finite && std::isfinite(sum.sum * sum.weight);
      now.line["losses"][plan_.nodes[static_cast<std::size_t>(losses[k].node)].name] = sum.mean();
      now.loss += sum.mean() * sum.weight;
    }
    outcome_.seconds.forward += since(start);
    if (now.finite) {
      start = Clock::now();
      now.finite = gradients_.add(losses, now.seen + 1 == now.batches);
      outcome_.seconds.backward += since(start);
      if (now.finite && now.seen + 1 == now.batches) {
        start = Clock::now();
        now.norm = optimizer_.norm();
        now.finite = std::isfinite(now.norm);
        outcome_.seconds.optimizer += since(start);
      }
    }
    ++now.seen;
    now.rows += batch->rows;
    for (std::size_t a = 0; a < entities_.size(); ++a) entities_[a] += batch->axes[a].rows;
    if (now.finite) return graph_.clear();
    leave_out(batch, mode);
    now.line["skipped"] = true;
    graph_.clear();
  }

  void update(Step& now) {
    const auto start = Clock::now();
    in_row_ = 0;
    if (step_ < gradient_steps) watch_gradients();
    optimizer_.step(step_, epoch_, now.norm);
    graph_.clamp_scalars();
    outcome_.seconds.optimizer += since(start);
    now.line["gradient_norm"] = now.norm;
  }

  // A step that would have ruined the weights.
  void leave_out(const std::shared_ptr<const data::Batch>& batch, const graph::Mode& mode) {
    optimizer_.clear();
    gradients_.clear();
    const bool stop = !plan_.train.skip_not_finite;
    if (stop || outcome_.skipped == 0) {
      const auto why = job_.not_finite(batch, mode, *settled_);
      optimizer_.clear();
      if (stop) {
        save();
        throw Error(
            why +
            "\n  the weights are those before this step, and are saved; lower the rate, clip gradients ([train] "
            "clip), or say [train] not_finite = \"skip\"");
      }
      progress_.say("step " + std::to_string(step_) + " is skipped: " + why);
    }
    ++outcome_.skipped;
    if (++in_row_ < most_skips) return;
    --outcome_.skipped, --in_row_;  // the step is made again by whoever goes on
    save();
    throw Error(std::to_string(most_skips) +
                " steps in a row gave a loss or gradient that is no number, the last one " + "step " +
                std::to_string(step_) + ": nothing is learnt any more [not-finite]");
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

  // False: a signal came, a checkpoint with what was seen so far is written.
  bool validate() {
    if (judge_.metric.empty() || job_.source.rows("valid") == 0) {
      last_validated_ = step_;
      return true;
    }
    const auto epoch = epoch_ - (consumed_ == 0 && epoch_ > 0);  // the one that has just ended
    if (!under_way_)
      under_way_ = std::make_unique<Evaluation>(plan_, job_.source, graph_, "valid",
                                                graph::Mode{.training = false, .step = step_, .epoch = epoch});
    while (under_way_->step())
      if (Interrupt::asked()) return save(), false;
    const auto figures = [&] {
      try {
        return under_way_->finish();
      } catch (const Error&) {  // a metric that these rows break: what was learnt is not lost
        under_way_.reset();
        save();
        throw;
      }
    }();
    under_way_.reset();
    last_validated_ = step_;
    outcome_.seconds.validation += figures.seconds;
    const double now = figures.all.at(judge_.metric);
    const bool gain = judge_.better(now, best_);
    std::string text = "epoch " + std::to_string(epoch + 1) + "  step " + std::to_string(step_) + "  valid";
    for (const auto& [name, value] : figures.all) text += "  " + name + " " + rounded(value);
    job_.journal.metrics({{"step", step_}, {"epoch", epoch}, {"split", "valid"}, {"metrics", to_json(figures.all)}});
    job_.journal.timing({{"step", step_}, {"split", "valid"}, {"seconds", figures.seconds}});
    progress_.say(text + (gain ? "  *" : ""));
    if (std::isnan(now)) {
      // Nothing was measured: neither a gain nor a validation without one.
      progress_.say(judge_.metric + " is not defined on the validation rows" + why_undefined() +
                    "; patience does not count this validation");
    } else if (gain) {
      best_ = now;
      without_gain_ = 0;
      outcome_.best_step = step_;
      if (plan_.train.best) keep();
    } else if (plan_.train.patience > 0 && ++without_gain_ >= plan_.train.patience) {
      stopped_ = true;
      progress_.say("no gain in " + judge_.metric + " for " + std::to_string(without_gain_) + " validations: stopped");
    }
    return true;
  }

  // ": all 200 have the label 0", where one label of these rows is wired by [eval] and that is so. Asked once a run.
  const std::string& why_undefined() {
    const auto& wire = plan_.eval.label;
    if (why_undefined_ || !wire || wire->source != recipe::Wire::Source::label || wire->via.any())
      return why_undefined_ ? *why_undefined_ : why_undefined_.emplace();
    why_undefined_.emplace();
    data::PassOptions options;
    options.split = "valid";
    options.batch = plan_.train.batch;
    std::int64_t rows = 0;
    std::optional<float> label;
    auto pass = job_.source.pass(options);
    while (const auto batch = pass->next()) {
      const auto* values = batch->labels[static_cast<std::size_t>(wire->label)].as<float>();
      if (!values) return *why_undefined_;
      for (std::int64_t k = 0; k < batch->rows; ++k) {
        if (label && *label != values[k]) return *why_undefined_;  // missing labels differ from each other, too
        label = values[k];
      }
      rows += batch->rows;
    }
    if (label && !std::isnan(*label))
      *why_undefined_ = ": all " + std::to_string(rows) + " have the label " + short_text(*label);
    return *why_undefined_;
  }

  void keep() {
    const at::NoGradGuard off;
    kept_.clear();
    best_saved_ = false;
    for (const auto& w : graph_.weights()) kept_.emplace_back(w.name, w.value.detach().clone());
  }

  // The weights that the run is for: the best ones, or the last.
  void choose() {
    const at::NoGradGuard off;
    if (kept_.empty()) outcome_.best_step = step_;
    for (std::size_t w = 0; w < kept_.size(); ++w) graph_.weights()[w].value.copy_(kept_[w].second);
  }

  // Figures of the splits that were asked for. False: a signal came, what was seen so far is written.
  bool figures() {
    const graph::Mode mode{.training = false, .step = outcome_.best_step, .epoch = 0};
    auto done = Json::array();
    auto before = job_.from ? job_.checkpoints.evaluation(step_) : std::nullopt;
    if (before && before->state.value("best_step", std::int64_t{-1}) == outcome_.best_step &&
        before->state.value("measured_by", "") == job_.measured_by)
      done = before->state.value("done", done);
    else before.reset();
    for (const auto& split : job_.splits) {
      const auto found = std::find_if(done.begin(), done.end(), [&](const Json& d) { return d.at("split") == split; });
      if (found != done.end()) {
        outcome_.splits.emplace_back(split, found->at("figures"));
        continue;
      }
      Evaluation run(plan_, job_.source, graph_, split, mode);
      if (before && before->state.value("split", "") == split)
        run.load(before->tensors, before->state.value("batches", std::int64_t{0}));
      while (run.step()) {
        if (!Interrupt::asked()) continue;
        job_.checkpoints.save_evaluation(step_,
                                         {{"measured_by", job_.measured_by},
                                          {"best_step", outcome_.best_step},
                                          {"done", done},
                                          {"split", split},
                                          {"batches", run.batches()}},
                                         run.save());
        return false;
      }
      const auto figures = run.finish();
      job_.journal.timing({{"step", step_}, {"split", split}, {"seconds", figures.seconds}});
      outcome_.splits.emplace_back(split, to_json(figures));
      done.push_back({{"split", split}, {"figures", outcome_.splits.back().second}});
    }
    return true;
  }

  // ---- checkpoints ----

  bool due() const {
    if (plan_.train.checkpoint > 0) return step_ > 0 && step_ % plan_.train.checkpoint == 0 && saved_ != step_;
    return since(saved_at_) > between_checkpoints;
  }

  void save() {
    const std::int64_t best = kept_.empty() ? -1 : outcome_.best_step;
    if (best >= 0 && !best_saved_) job_.checkpoints.save_best(best, kept_), best_saved_ = true;
    NamedTensors tensors;
    for (const auto& w : graph_.weights()) tensors.emplace_back("weight." + w.name, w.value);
    for (const auto& [name, tensor] : optimizer_.state()) tensors.emplace_back("optimizer." + name, tensor);
    count_node_seconds();
    const auto& s = outcome_.seconds;
    Json state{{"measured_by", job_.measured_by},
               {"step", step_},
               {"epoch", epoch_},
               {"consumed_rows", consumed_ * plan_.train.batch},
               {"last_validated", last_validated_},
               {"best_metric", std::isnan(best_) ? Json() : Json(best_)},
               {"best_step", outcome_.best_step},
               {"without_gain", without_gain_},
               {"stopped", stopped_},
               {"rows", outcome_.rows},
               {"skipped", outcome_.skipped},
               {"skipped_in_row", in_row_},
               {"entities", entities_},
               {"dead", dead_},
               {"norms", norms_},
               {"seconds", {s.training, s.waiting, s.forward, s.backward, s.optimizer, s.validation}},
               {"node_seconds", node_seconds_},
               {"journal", job_.journal.sync()}};
    if (under_way_) {
      state["evaluation"] = under_way_->batches();
      for (auto& one : under_way_->save()) tensors.push_back(std::move(one));
    }
    job_.checkpoints.save(step_, best, std::move(state), tensors);
    saved_ = step_;
    saved_at_ = Clock::now();
  }

  void take(const Checkpoint& from) {
    const auto& s = from.state;
    std::map<std::string, at::Tensor> moments;
    for (const auto& [name, tensor] : from.tensors)
      if (name.starts_with("optimizer.")) moments[name.substr(10)] = tensor;
    optimizer_.load(moments);
    {
      const at::NoGradGuard off;
      for (auto& w : graph_.weights()) {
        const auto found = from.tensors.find("weight." + w.name);
        if (found == from.tensors.end()) continue;  // a changed recipe has it from its start
        if (found->second.sizes() != w.value.sizes())
          throw Error("weight '" + w.name +
                      "' in the checkpoint has another size than the recipe gives it "
                      "[weights-file]");
        w.value.copy_(found->second);
      }
    }
    step_ = saved_ = s.at("step");
    epoch_ = s.at("epoch");
    consumed_ = s.at("consumed_rows").get<std::int64_t>() / plan_.train.batch;
    last_validated_ = s.at("last_validated");
    best_ = s.at("best_metric").is_null() ? std::nan("") : s.at("best_metric").get<double>();
    outcome_.best_step = s.at("best_step");
    without_gain_ = s.at("without_gain");
    stopped_ = s.at("stopped").get<bool>() && plan_.train.patience > 0 && without_gain_ >= plan_.train.patience;
    outcome_.rows = s.at("rows");
    outcome_.skipped = s.at("skipped");
    in_row_ = s.at("skipped_in_row");
    const auto same_size = [](auto& into, const Json& value) {
      auto read = value.get<std::decay_t<decltype(into)>>();
      if (read.size() == into.size()) into = std::move(read);
    };
    same_size(entities_, s.at("entities"));
    same_size(dead_, s.at("dead"));
    same_size(norms_, s.at("norms"));
    same_size(node_seconds_, s.at("node_seconds"));
    const auto& seconds = s.at("seconds");
    outcome_.seconds = {seconds.at(0), seconds.at(1), seconds.at(2), seconds.at(3), seconds.at(4), seconds.at(5), {}};
    told_ = outcome_.seconds;
    told_rows_ = outcome_.rows;
    if (s.value("measured_by", "") != job_.measured_by) {
      // Another recipe or other data: what was measured under the old ones says nothing now.
      best_ = std::nan("");
      without_gain_ = 0;
      stopped_ = false;
      return;
    }
    if (const auto best = s.value("best", std::int64_t{-1}); best >= 0) {
      const auto weights = job_.checkpoints.best(best);
      for (const auto& w : graph_.weights()) kept_.emplace_back(w.name, weights.at(w.name));
    }
    if (s.contains("evaluation")) {
      under_way_ = std::make_unique<Evaluation>(
          plan_, job_.source, graph_, "valid",
          graph::Mode{.training = false, .step = step_, .epoch = epoch_ - (consumed_ == 0 && epoch_ > 0)});
      under_way_->load(from.tensors, s.at("evaluation"));
    }
  }

  // ---- what is told ----

  void count_node_seconds() {
    const auto& now = graph_.seconds();
    for (std::size_t k = 0; k < now.size(); ++k) node_seconds_[k] += now[k] - counted_[k];
    counted_ = now;
  }

  void tell_time() {
    if (since(told_at_) < between_timings && step_ > steps_timed_alone) return;
    const auto& s = outcome_.seconds;
    job_.journal.timing({{"step", step_},
                         {"rows", outcome_.rows - told_rows_},
                         {"seconds", s.training - told_.training},
                         {"waiting", s.waiting - told_.waiting},
                         {"forward", s.forward - told_.forward},
                         {"backward", s.backward - told_.backward},
                         {"optimizer", s.optimizer - told_.optimizer}});
    told_ = s;
    told_rows_ = outcome_.rows;
    told_at_ = Clock::now();
  }

  void report() {
    count_node_seconds();
    outcome_.seconds.nodes = node_seconds_;
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

  const TrainJob& job_;
  const recipe::Plan& plan_;
  graph::Graph& graph_;
  std::int64_t per_epoch_, total_;
  Optimizer optimizer_;
  Gradients gradients_;
  std::optional<Settled> settled_;
  Progress progress_;
  Judge judge_;
  Outcome outcome_;
  std::vector<std::int64_t> entities_;
  std::vector<double> node_seconds_, counted_ = std::vector<double>(node_seconds_.size(), 0);
  std::vector<bool> dead_;
  std::vector<double> norms_;
  NamedTensors kept_;
  double best_ = std::nan("");
  // `consumed_`: batches of this epoch that the weights have seen.
  std::int64_t step_ = 0, epoch_ = 0, consumed_ = 0, last_validated_ = -1, without_gain_ = 0, in_row_ = 0;
  bool stopped_ = false, best_saved_ = true;
  std::optional<std::string> why_undefined_;
  std::unique_ptr<Evaluation> under_way_;  // a validation that a signal cut short
  std::int64_t saved_ = -1, told_rows_ = 0;
  Seconds told_;
  Clock::time_point saved_at_ = Clock::now(), told_at_ = Clock::now();
};

}  // namespace

Outcome train(const TrainJob& job) { return Loop(job).run(); }

}  // namespace braid::train
