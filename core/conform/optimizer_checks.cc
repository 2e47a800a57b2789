#include "conform/optimizer_checks.h"

#include "conform/braid/conform.h"
#include "conform/making.h"
#include "conform/wording.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

namespace braid::conform {

OptimizerAtWork::OptimizerAtWork(const std::string& component, const Values& values, at::Tensor start, bool table)
    : weight(std::move(start)),
      steps(at::full({}, 0.0, at::TensorOptions().dtype(at::kFloat))),
      component_(make(component, values)),
      optimizer_(dynamic_cast<Optimizer*>(component_.get())),
      table_(table) {
  if (!optimizer_) throw Error("'" + component + "' is not an optimizer");
  const at::NoGradGuard off;
  state = optimizer_->new_state(weight, table);
}
OptimizerAtWork::~OptimizerAtWork() = default;

void OptimizerAtWork::step(const at::Tensor& gradient, double learning_rate, bool decays) {
  const at::NoGradGuard off;
  steps.add_(1);
  WeightStep one{.weight = weight, .gradient = gradient.clone(), .steps = steps, .table = table_};
  for (const auto& [name, tensor] : state) one.state.push_back(tensor);
  optimizer_->step({&one, 1}, learning_rate, decays);
}

void OptimizerAtWork::step_rows(const std::vector<std::int64_t>& rows, const at::Tensor& gradient, double learning_rate,
                                bool decays) {
  const at::NoGradGuard off;
  const auto index = at::tensor(rows);
  steps.add_(1);
  WeightStep one{.weight = weight.index_select(0, index),
                 .gradient = gradient.clone(),
                 .steps = steps,
                 .table = true,
                 .some_rows = true};
  for (const auto& [name, tensor] : state) one.state.push_back(tensor.index_select(0, index));
  optimizer_->step({&one, 1}, learning_rate, decays);
  weight.index_copy_(0, index, one.weight);
  for (std::size_t s = 0; s < state.size(); ++s) state[s].second.index_copy_(0, index, one.state[s]);
}

double schedule_factor(const std::string& component, const Values& values, const RunPosition& position) {
  const auto made = make(component, values);
  const auto* schedule = dynamic_cast<Schedule*>(made.get());
  if (!schedule) throw Error("'" + component + "' is not a schedule");
  return schedule->factor(position);
}

namespace {

constexpr std::int64_t count = 37;  // odd, and more than a vector register holds
constexpr double learning_rates[] = {0, 1e-3, 0.1};

// Curvatures of one quadratic a number, c·(w - 1)²/2, whose gradient is c·(w - 1).
double curvature(std::int64_t k) { return 0.05 + 0.3 * static_cast<double>(k % 11); }
double start(std::int64_t k) { return 2 * std::sin(0.7 * static_cast<double>(k)); }

at::Tensor starts(std::vector<std::int64_t> sizes) {
  auto out = at::empty(sizes, at::TensorOptions().dtype(at::kDouble));
  for (std::int64_t k = 0; k < out.numel(); ++k) out.mutable_data_ptr<double>()[k] = start(k);
  return out;
}

at::Tensor gradient_at(const at::Tensor& weight) {
  auto out = at::empty(weight.sizes(), weight.options());
  const auto flat = weight.contiguous();
  for (std::int64_t k = 0; k < out.numel(); ++k)
    out.mutable_data_ptr<double>()[k] = curvature(k) * (flat.const_data_ptr<double>()[k] - 1);
  return out;
}

struct Checks {
  const std::string& use;
  const Values& values;
  std::vector<std::string> failures;

  void fail(const std::string& what) { failures.push_back(what); }

  std::unique_ptr<OptimizerAtWork> at_work(const at::Tensor& weight, bool table = false) const {
    return std::make_unique<OptimizerAtWork>(use, values, weight.clone(), table);
  }

  // `step` on a vector of quadratics, and the formula on each number apart.
  void formula() {
    const auto made = make(use, values);
    auto& optimizer = dynamic_cast<Optimizer&>(*made);
    for (const bool decays : {true, false})
      for (const double rate : learning_rates) {
        const auto one = at_work(starts({count}));
        std::vector<Optimizer::Number> numbers;
        std::vector<bool> diverged(count, false);
        for (std::int64_t k = 0; k < count; ++k)
          numbers.push_back({start(k), 0, std::vector<double>(one->state.size(), 0), 0});
        for (std::int64_t t = 1; t <= 50; ++t) {
          one->step(gradient_at(one->weight), rate, decays);
          for (std::int64_t k = 0; k < count; ++k) {
            auto& n = numbers[static_cast<std::size_t>(k)];
            n.gradient = curvature(k) * (n.weight - 1);
            n.steps = static_cast<double>(t);
            optimizer.formula(n, rate, decays);
            if (std::abs(n.weight) > 1e9) diverged[static_cast<std::size_t>(k)] = true;  // too large a rate for it
            if (diverged[static_cast<std::size_t>(k)]) continue;
            const double got = one->weight.const_data_ptr<double>()[k];
            // Each step rounds some ten operations, and curvature carries their errors on: 1e-9 is a million ulps.
            if (std::abs(got - n.weight) <= 1e-9 * std::max(1.0, std::abs(n.weight))) continue;
            return fail("number " + std::to_string(k) + " after " + std::to_string(t) + " steps at rate " +
                        number_text(rate) + (decays ? "" : " without decay") + ": step() has " + number_text(got) +
                        ", formula() " + number_text(n.weight));
          }
        }
      }
  }

  // One step in float32, as training makes it.
  void single() {
    const auto made = make(use, values);
    auto& optimizer = dynamic_cast<Optimizer&>(*made);
    const auto begin = starts({count}).to(at::kFloat);
    const auto gradient = gradient_at(begin.to(at::kDouble)).to(at::kFloat);
    const auto one = at_work(begin);
    one->step(gradient, 0.1);
    for (std::int64_t k = 0; k < count; ++k) {
      Optimizer::Number n{static_cast<double>(begin.const_data_ptr<float>()[k]),
                          static_cast<double>(gradient.const_data_ptr<float>()[k]),
                          std::vector<double>(one->state.size(), 0), 1};
      optimizer.formula(n, 0.1, true);
      const double got = one->weight.const_data_ptr<float>()[k];
      // A step rounds some twenty operations to 24 bits; the step itself may be some times the weight.
      const double moved = std::abs(n.weight - static_cast<double>(begin.const_data_ptr<float>()[k]));
      if (std::abs(got - n.weight) <= 40 * 0x1p-24 * (1 + std::abs(n.weight) + moved)) continue;
      return fail("number " + std::to_string(k) + " after a step in float32: step() has " + number_text(got) +
                  ", formula() " + number_text(n.weight));
    }
  }

  // A table of which some rows have a gradient: those change as in a dense step of a table made of them.
  void touched_rows() {
    const auto whole = starts({5, 3});
    const std::vector<std::vector<std::int64_t>> reads{{1, 3}, {3}, {1, 3}, {1}, {}};
    const auto table = at_work(whole, true);
    std::vector<std::unique_ptr<OptimizerAtWork>> rows;  // of the table, each a table of its own
    for (std::int64_t r = 0; r < 5; ++r) rows.push_back(at_work(whole.narrow(0, r, 1), true));
    for (const auto& read : reads) {
      const auto gradient = gradient_at(table->weight);
      for (std::int64_t r = 0; r < 5; ++r) {
        auto& row = *rows[static_cast<std::size_t>(r)];
        // The count of steps is the weight's, also of rows that are not read.
        if (std::find(read.begin(), read.end(), r) == read.end()) row.steps.add_(1);
        else row.step(gradient.narrow(0, r, 1), 0.1);
      }
      table->step_rows(read, gradient.index_select(0, at::tensor(read)), 0.1);
      for (std::int64_t r = 0; r < 5; ++r) {
        const auto got = table->weight.select(0, r), want = rows[static_cast<std::size_t>(r)]->weight.select(0, 0);
        const double off = (got - want).abs().max().item<double>();
        if (!(off <= 1e-12))
          fail("row " + std::to_string(r) + " is " + number_text(off) + " away from what a dense step gives");
      }
      if (!failures.empty()) return;
    }
    if (!table->weight.select(0, 0).equal(whole.select(0, 0))) fail("a row that was not read has changed");
  }

  // Another object that gets the state in the middle goes on to the same bits.
  void save() {
    for (const bool table : {false, true}) {
      const auto begin = starts({4, 3});
      const auto all = at_work(begin, table), first = at_work(begin, table);
      for (int t = 0; t < 6; ++t) {
        all->step(gradient_at(all->weight), 0.1);
        if (t < 3) first->step(gradient_at(first->weight), 0.1);
      }
      const auto second = at_work(first->weight, table);
      if (second->state.size() != first->state.size()) return fail("new_state() has other tensors the second time");
      for (std::size_t s = 0; s < first->state.size(); ++s) {
        if (second->state[s].first != first->state[s].first) fail("new_state() has other names the second time");
        if (second->state[s].second.any().item<bool>())
          fail("state '" + second->state[s].first + "' does not start at zero");
        if (table && (first->state[s].second.dim() == 0 || first->state[s].second.size(0) != begin.size(0)))
          fail("state '" + first->state[s].first + "' of a table does not have one entry per row");
        second->state[s].second.copy_(first->state[s].second);
      }
      second->steps.copy_(first->steps);
      for (int t = 3; t < 6; ++t) second->step(gradient_at(second->weight), 0.1);
      if (!second->weight.equal(all->weight)) fail("a run that goes on from saved state has other bits");
    }
  }
};

}  // namespace

std::vector<std::string> check_optimizer(std::string_view check, const std::string& use, const Values& values) {
  Checks c{use, values, {}};
  if (check == "formula") c.formula(), c.single();
  else if (check == "touched-rows") c.touched_rows();
  else if (check == "save") c.save();
  else throw std::logic_error("no check of optimizers: " + std::string(check));
  return c.failures;
}

std::vector<std::string> check_schedule(std::string_view check, const std::string& use, const Values& values) {
  if (check != "factor") throw std::logic_error("no check of schedules: " + std::string(check));
  std::vector<std::string> failures;
  const auto first = make(use, values), second = make(use, values);
  auto &a = dynamic_cast<Schedule&>(*first), &b = dynamic_cast<Schedule&>(*second);
  const auto at = [](const RunPosition& p) {
    return "in step " + std::to_string(p.step) + " of " + std::to_string(p.steps) + ", epoch " +
           std::to_string(p.epoch);
  };
  for (const std::int64_t steps : {1, 2, 10, 1000}) {
    std::vector<RunPosition> positions;
    for (std::int64_t step = 0; step < steps; ++step) positions.push_back({step, step * 3 / steps, steps});
    std::vector<double> factors;
    for (const auto& p : positions) {
      factors.push_back(a.factor(p));
      if (std::isfinite(factors.back()) && factors.back() >= 0) continue;
      failures.push_back("the factor " + at(p) + " is " + number_text(factors.back()));
      return failures;
    }
    for (std::size_t k = positions.size(); k-- > 0;)  // backwards, on another object: nothing is kept between calls
      if (b.factor(positions[k]) != factors[k]) {
        failures.push_back("the factor " + at(positions[k]) + " depends on what was asked before");
        return failures;
      }
  }
  return failures;
}

}  // namespace braid::conform
