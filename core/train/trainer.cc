#include "train/trainer.h"

#include "train/interrupt.h"
#include "train/monitor.h"
#include "train/progress.h"
#include "train/stepper.h"
#include "train/train_state.h"

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
constexpr std::int64_t most_skips = 10;      // steps skipped in a row
constexpr double between_checkpoints = 300;  // seconds

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string rounded(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", x);
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// Steps of a run: of each epoch its batches by [train] accumulate, the last one with what is left.
std::int64_t steps_of(const recipe::TrainPlan& train, std::int64_t rows) {
  const std::int64_t batches = rows / train.batch + (rows % train.batch > 0);
  const std::int64_t epoch = batches / train.accumulate + (batches % train.accumulate > 0);
  std::int64_t all = 0;
  if (__builtin_mul_overflow(epoch, train.epochs, &all))
    throw Error("too-large", {},
                "[train] epochs = " + std::to_string(train.epochs) + " makes more steps than can be counted");
  return train.steps > 0 ? std::min(train.steps, all) : all;
}

class Loop {
 public:
  explicit Loop(const TrainJob& job)
      : job_(job),
        plan_(job.model.plan()),
        model_(job.model),
        total_(steps_of(job.model.plan().train, job.source.rows("train"))),
        stepper_(job.model, total_, job.component),
        monitor_(Monitor::of(job.model)),
        telemetry_(job.model, job.journal),
        progress_(job.name, total_) {
    if (job.source.rows("train") == 0 && plan_.train.epochs > 0)
      throw Error("no-rows", {}, "the train split has no rows");
    if (job.from) resume(*job.from);
    settled_.emplace(plan_, job.source, model_, plan_.data.cache_bytes);  // the weights are those of the run now
    if (const auto names = settled_->names(); !names.empty())
      progress_.say("computed ahead, for all rows: " + joined(names));
    progress_.start(state_.step);
  }

  Outcome run() {
    bool saved = false;
    while (!over())
      if (saved = epoch(); !saved) return halted();
    if (state_.last_validated != state_.step && !validate()) return halted();
    if (!saved) save();  // what is looked at below is of no use without the weights that it was made with
    select();
    if (!evaluate_splits()) return halted();
    outcome_.steps = state_.step;
    outcome_.epochs = state_.epoch + !state_.cursor.empty();
    outcome_.best_step = state_.selected.step;
    report();
    return outcome_;
  }

 private:
  bool over() const { return state_.out_of_patience || state_.step >= total_ || state_.epoch >= plan_.train.epochs; }

  Outcome halted() {
    outcome_.stopped = true;
    outcome_.steps = state_.step;
    return outcome_;
  }

  // A metric that fails does so before the first step, not after an epoch of them.
  void try_metrics() {
    if (job_.source.rows("valid") == 0) return;
    Evaluation first(model_, job_.source, "valid", graph::Mode{});
    if (first.step()) first.finish();
  }

  std::unique_ptr<data::Pass> open_pass() {
    data::PassOptions options;
    options.batch = plan_.train.batch;
    options.training = options.shuffle = true;
    options.seed = plan_.train.seed;
    options.epoch = state_.epoch;
    options.accumulate = plan_.train.accumulate;
    options.first_step = state_.step;
    options.cursor = state_.cursor;
    return job_.source.pass(options);
  }

  // The rest of an epoch, and a checkpoint at its end. False: a signal came, a checkpoint is written.
  bool epoch() {
    model_.prepare(state_.epoch);
    if (state_.step == 0) try_metrics();
    const auto pass = open_pass();
    const auto every = plan_.train.validate;
    while (true) {
      const bool time = every > 0 && state_.step > 0 && state_.step % every == 0;
      if (time && state_.last_validated != state_.step && !validate()) return false;
      if (Interrupt::asked()) return save(), false;
      if (over()) break;
      if (due()) save();
      if (!step(*pass)) break;
    }
    const bool complete = !pass->more();
    if (complete && every == 0 && state_.last_validated != state_.step && !validate()) return false;
    if (complete) ++state_.epoch, state_.cursor.clear();
    if (over() && state_.last_validated != state_.step && !validate()) return false;
    save();
    return true;
  }

  // False: the epoch has no batch left.
  bool step(data::Pass& pass) {
    const auto start = Clock::now();
    const double waited = pass.waited_seconds();
    const graph::Mode mode{.training = true, .step = state_.step, .epoch = state_.epoch};
    const auto done = stepper_.step(pass, mode, *settled_);
    if (!done) return false;
    if (done->finite) state_.skipped_in_row = 0;
    else leave_out(done->failed, mode);
    telemetry_.step(state_.step, state_.epoch, *done, since(start), pass.waited_seconds() - waited);
    ++state_.step;
    state_.cursor = pass.cursor();
    progress_.step(state_.step, done->rows, done->loss, telemetry_.waiting_share(), "");
    return true;
  }

  // A step that would have ruined the weights.
  void leave_out(const std::shared_ptr<const data::Batch>& batch, const graph::Mode& mode) {
    const bool stop = !plan_.train.skip_not_finite;
    if (stop || state_.skipped == 0) {
      auto why = job_.not_finite(batch, mode, *settled_);
      stepper_.clear();
      if (stop) {
        save();
        why.notes.push_back(
            "the weights are those before this step, and are saved; lower the rate, clip gradients ([train] clip), or "
            "say [train] not_finite = \"skip\"");
        throw Error(why);
      }
      progress_.say("step " + std::to_string(state_.step) + " is skipped: " + why.text());
    }
    ++state_.skipped;
    if (++state_.skipped_in_row < most_skips) return;
    --state_.skipped, --state_.skipped_in_row;  // the step is made again by whoever goes on
    save();
    throw Error("not-finite", {},
                std::to_string(most_skips) +
                    " steps in a row had a loss or gradient that is NaN or infinite, the last one step " +
                    std::to_string(state_.step) + "; the run stops");
  }

  // ---- validation ----

  // The epoch that the weights are of: the one that has just ended, at its end.
  std::int64_t epoch_now() const { return state_.epoch - (state_.cursor.empty() && state_.epoch > 0); }

  void open_validation() {
    under_way_ = std::make_unique<Evaluation>(
        model_, job_.source, "valid", graph::Mode{.training = false, .step = state_.step, .epoch = epoch_now()});
  }

  // False: a signal came, a checkpoint with what was seen so far is written.
  bool validate() {
    if (monitor_.metric().empty() || job_.source.rows("valid") == 0) {
      state_.last_validated = state_.step;
      return true;
    }
    if (!under_way_) open_validation();
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
    state_.last_validated = state_.step;
    telemetry_.validation(state_.step, epoch_now(), figures);
    const auto verdict = monitor_.judge(figures.all.at(monitor_.metric()), state_.step, state_.selected);
    say_validation(figures, verdict);
    if (verdict == Monitor::Verdict::gain && plan_.train.best) {
      monitor_.keep(model_.weights());
      best_saved_ = false;
    }
    state_.out_of_patience = verdict == Monitor::Verdict::out_of_patience;
    return true;
  }

  void say_validation(const SplitFigures& figures, Monitor::Verdict verdict) {
    std::string text = "epoch " + std::to_string(epoch_now() + 1) + "  step " + std::to_string(state_.step) + "  valid";
    for (const auto& [name, value] : figures.all) text += "  " + name + " " + rounded(value);
    progress_.say(text + (verdict == Monitor::Verdict::gain ? "  *" : ""));
    if (verdict == Monitor::Verdict::undefined)
      progress_.say(monitor_.metric() + " is not defined on the validation rows" +
                    (why_undefined_ ? *why_undefined_ : why_undefined_.emplace(why_undefined(plan_, job_.source))) +
                    "; patience does not count this validation");
    if (verdict == Monitor::Verdict::out_of_patience)
      progress_.say("no gain in " + monitor_.metric() + " for " +
                    std::to_string(state_.selected.validations_without_gain) + " validations: stopped");
  }

  // ---- the end ----

  // The weights that the run is for: the best ones, or the last.
  void select() {
    if (!monitor_.has_weights()) state_.selected.step = state_.step;
    monitor_.restore(model_.weights());
  }

  // Metrics of the splits that were asked for. False: a signal came, what was seen so far is written.
  bool evaluate_splits() {
    const auto best = state_.selected.step;
    const graph::Mode mode{.training = false, .step = best, .epoch = 0};
    auto done = Json::array();
    auto before = job_.from ? job_.checkpoints.evaluation(state_.step) : std::nullopt;
    if (before && before->state.value("best_step", std::int64_t{-1}) == best &&
        before->state.value("measured_by", "") == job_.measured_by)
      done = before->state.value("done", done);
    else before.reset();
    for (const auto& split : job_.splits) {
      const auto found = std::find_if(done.begin(), done.end(), [&](const Json& d) { return d.at("split") == split; });
      if (found != done.end()) {
        outcome_.splits.emplace_back(split, found->at("figures"));
        continue;
      }
      Evaluation run(model_, job_.source, split, mode);
      if (before && before->state.value("split", "") == split)
        run.load(before->tensors, before->state.value("cursor", ""));
      while (run.step()) {
        if (!Interrupt::asked()) continue;
        job_.checkpoints.save_evaluation(state_.step,
                                         {{"measured_by", job_.measured_by},
                                          {"best_step", best},
                                          {"done", done},
                                          {"split", split},
                                          {"cursor", run.cursor()}},
                                         run.save());
        return false;
      }
      const auto figures = run.finish();
      telemetry_.evaluation(state_.step, split, figures.seconds);
      outcome_.splits.emplace_back(split, to_json(figures));
      done.push_back({{"split", split}, {"figures", outcome_.splits.back().second}});
    }
    return true;
  }

  void report() {
    outcome_.seconds = telemetry_.seconds();
    outcome_.gradients = telemetry_.gradients(state_.step);
    outcome_.entities_per_row = telemetry_.entities_per_row();
    outcome_.rows = telemetry_.rows();
    outcome_.skipped = state_.skipped;
    for (const auto& w : model_.weights()) outcome_.parameters += w.value.numel();
  }

  // ---- checkpoints ----

  bool due() const {
    if (plan_.train.checkpoint > 0)
      return state_.step > 0 && state_.step % plan_.train.checkpoint == 0 && saved_ != state_.step;
    return since(saved_at_) > between_checkpoints;
  }

  void save() {
    const std::int64_t best = monitor_.has_weights() ? state_.selected.step : -1;
    if (best >= 0 && !best_saved_) job_.checkpoints.save_best(best, monitor_.weights()), best_saved_ = true;
    NamedTensors tensors;
    for (const auto& w : model_.weights()) tensors.emplace_back("weight." + w.name, w.value);
    for (const auto& [name, tensor] : stepper_.optimizer().state()) tensors.emplace_back("optimizer." + name, tensor);
    auto state = to_json(state_);
    state["measured_by"] = job_.measured_by;
    state["telemetry"] = telemetry_.save();
    state["journal"] = job_.journal.sync();
    if (under_way_) {
      state["evaluation"] = under_way_->cursor();
      for (auto& one : under_way_->save()) tensors.push_back(std::move(one));
    }
    job_.checkpoints.save(state_.step, best, std::move(state), tensors);
    saved_ = state_.step;
    saved_at_ = Clock::now();
  }

  void resume_weights(const Checkpoint& from) {
    const at::NoGradGuard off;
    for (auto& w : model_.weights()) {
      const auto found = from.tensors.find("weight." + w.name);
      if (found == from.tensors.end()) continue;  // a changed recipe has it from its start
      if (found->second.sizes() != w.value.sizes())
        throw Error("weights-file", {},
                    "weight '" + w.name + "' in the checkpoint has another size than the recipe gives it");
      w.value.copy_(found->second);
    }
  }

  void resume(const Checkpoint& from) {
    std::map<std::string, at::Tensor> optimizer;
    for (const auto& [name, tensor] : from.tensors)
      if (name.starts_with("optimizer.")) optimizer[name.substr(10)] = tensor;
    stepper_.optimizer().load(optimizer);
    resume_weights(from);
    state_ = train_state(from.state);
    saved_ = state_.step;
    telemetry_.load(from.state.value("telemetry", Json()));
    const auto patience = plan_.train.patience;  // may have been changed
    state_.out_of_patience =
        state_.out_of_patience && patience > 0 && state_.selected.validations_without_gain >= patience;
    if (from.state.value("measured_by", "") != job_.measured_by) {
      // Another recipe or other data: what was measured under the old ones says nothing now.
      state_.selected.value = std::nan("");
      state_.selected.validations_without_gain = 0;
      state_.out_of_patience = false;
      return;
    }
    if (const auto best = from.state.value("best", std::int64_t{-1}); best >= 0) {
      const auto weights = job_.checkpoints.best(best);
      NamedTensors kept;
      for (const auto& w : model_.weights()) kept.emplace_back(w.name, weights.at(w.name));
      monitor_.keep(std::move(kept));
    }
    if (from.state.contains("evaluation")) {
      open_validation();
      under_way_->load(from.tensors, from.state.at("evaluation"));
    }
  }

  const TrainJob& job_;
  const recipe::Plan& plan_;
  graph::Model& model_;
  std::int64_t total_;  // steps
  Stepper stepper_;
  Monitor monitor_;
  Telemetry telemetry_;
  std::optional<Settled> settled_;
  Progress progress_;
  TrainState state_;
  Outcome outcome_;
  bool best_saved_ = true;
  std::optional<std::string> why_undefined_;  // asked once a run
  std::unique_ptr<Evaluation> under_way_;     // a validation that a signal cut short
  std::int64_t saved_ = -1;                   // step
  Clock::time_point saved_at_ = Clock::now();
};

}  // namespace

Outcome train(const TrainJob& job) { return Loop(job).run(); }

}  // namespace braid::train
