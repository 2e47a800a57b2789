#include "train/stepper.h"

#include <chrono>
#include <cmath>

namespace braid::train {

namespace {

using Clock = std::chrono::steady_clock;

// Adds the seconds of its own life.
class Timed {
 public:
  explicit Timed(double& into) : into_(into) {}
  ~Timed() { into_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  Timed(const Timed&) = delete;

 private:
  double& into_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

Stepper::Stepper(graph::Model& model, std::int64_t steps, const graph::MakeComponent& make)
    : plan_(model.plan()),
      model_(model),
      execution_(model),
      optimizer_(plan_.train, model.weights(), steps, make, [&model](std::size_t w) { model.mark_touched(w); }),
      gradients_(plan_, model.weights()) {}

void Stepper::clear() {
  optimizer_.clear();
  gradients_.clear();
}

std::optional<StepResult> Stepper::step(data::Pass& pass, const graph::Mode& mode, const Settled& settled) {
  StepResult now;
  now.entities.assign(plan_.axes.size(), 0);
  while (now.finite && now.batches < plan_.train.accumulate) {
    const auto batch = pass.next();
    if (!batch) break;
    learn(batch, now.batches + 1 == plan_.train.accumulate || !pass.more(), mode, settled, now);
  }
  if (now.batches == 0) return std::nullopt;
  now.node_seconds = execution_.take_seconds();
  if (!now.finite) {
    clear();
    // A step that is left out takes all of its batches: what later steps draw follows the pass.
    for (auto k = now.batches; k < plan_.train.accumulate && pass.next(); ++k) {
    }
    return now;
  }
  const Timed timed(now.seconds.optimizer);
  optimizer_.step(mode.step, mode.epoch, now.norm);
  model_.clamp_scalars();
  return now;
}

void Stepper::learn(const std::shared_ptr<const data::Batch>& batch, bool last, const graph::Mode& mode,
                    const Settled& settled, StepResult& now) {
  {
    const Timed timed(now.seconds.forward);
    if (now.batches == 0) model_.copy_weights(mode.step);
    execution_.run(batch, mode, settled.rest(), settled.given(*batch));
    const auto& losses = execution_.losses();
    if (losses.empty()) throw Error("no-loss", {}, "the recipe has no loss to learn from");
    if (now.losses.empty())
      for (const auto& loss : losses) now.losses.push_back({loss.node});
    now.loss = 0;
    for (std::size_t k = 0; k < losses.size(); ++k) {
      auto& sum = now.losses[k];
      sum.sum += losses[k].sum;
      sum.count += losses[k].count;
      sum.weight = losses[k].weight;
      now.finite = now.finite && std::isfinite(sum.sum * sum.weight);
      now.loss += sum.mean() * sum.weight;
    }
  }
  if (now.finite) {
    const Timed timed(now.seconds.backward);
    now.finite = gradients_.add(execution_.losses(), last);
  }
  if (now.finite && last) {
    const Timed timed(now.seconds.optimizer);
    now.norm = optimizer_.norm(&now.weight_norms);
    now.finite = std::isfinite(now.norm);
  }
  ++now.batches;
  now.rows += batch->rows;
  for (const auto a : now.entities.ids()) now.entities[a] += batch->axes[a].rows;
  if (!now.finite) now.failed = batch;
  execution_.clear();
}

}  // namespace braid::train
