// What the host does around optimizers and schedules, with components made for it here.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/optimizer_groups.h"

#include "sdk/state.h"

#include "tests/toys/ids.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <doctest/doctest.h>

#include <cmath>

using namespace braid;

namespace {

using namespace recipe::testing;

// w -= rate * (g + the sum of all g before), less half of it where it decays.
struct Heavy final : Optimizer {
  Param<double> decay{*this, "decay", 0.0, "Weight decay."};
  std::vector<std::pair<std::string, at::Tensor>> new_state(const at::Tensor& weight, bool table) const override {
    std::vector<std::pair<std::string, at::Tensor>> out{{"sum", at::zeros_like(weight)}};
    if (table) out.emplace_back("seen", at::zeros({weight.size(0)}, weight.options()));
    return out;
  }
  void step(std::span<WeightStep> weights, double rate, bool decays) const override {
    for (auto& one : weights) {
      if (decays) one.weight.mul_(1 - rate * decay);
      one.state[0].add_(one.gradient);
      one.weight.sub_(one.state[0], rate);
      if (one.table) one.state[1].add_(1);
      if (one.steps.item<double>() > 100) throw Error("it has had enough");
    }
  }
  void formula(Number&, double, bool) const override {}
};

struct Halving final : Schedule {
  double factor(const RunPosition& at) const override { return at.step == 13 ? -1 : std::pow(0.5, at.step) + at.epoch; }
};

std::unique_ptr<Component> make(const recipe::Use& use, const WireCounts&) {
  if (use.component == "heavy")
    return construct([]() -> std::unique_ptr<Component> { return std::make_unique<Heavy>(); }, use.values, {});
  return construct([]() -> std::unique_ptr<Component> { return std::make_unique<Halving>(); }, {}, {});
}

recipe::GroupPlan group_of(const std::string& match, double rate) {
  recipe::GroupPlan group;
  group.match = match, group.rate = rate;
  group.optimizer.component = "heavy", group.schedule.component = "halving";
  group.place = {"recipe.toml", 7, 3};
  return group;
}

at::Tensor numbers(std::vector<double> values) { return at::tensor(values); }
at::Tensor weight(std::vector<double> values) { return at::tensor(values).set_requires_grad(true); }
graph::NamedWeight named(const std::string& name, const at::Tensor& value, bool decays = true, bool table = false) {
  return {name, value, decays, table, false, 0_id};
}
std::vector<double> values_of(const at::Tensor& t) {
  const auto flat = t.detach().contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}
constexpr auto nothing_sparse = [](std::size_t) { FAIL("no table is sparse"); };
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a weight is in the first group that matches, which has its own rate; '?' is one character") {
  recipe::TrainPlan plan;
  plan.groups = {group_of("a?.w", 1), group_of("a*", 10), group_of("*", 100)};
  auto a1 = weight({0}), a12 = weight({0}), b = weight({0}), off = at::tensor(std::vector<double>{0});
  train::OptimizerGroups groups(plan, {named("a1.w", a1), named("a12.w", a12), named("b", b), named("frozen", off)}, 4,
                                make, nothing_sparse);
  for (auto* w : {&a1, &a12, &b}) w->mutable_grad() = numbers({1});
  groups.step(1, 0, groups.norm());
  CHECK(a1.item<double>() == -0.5);  // the rate times the schedule's factor of step 1
  CHECK(a12.item<double>() == -5);
  CHECK(b.item<double>() == -50);
  CHECK_FALSE(a1.grad().defined());
  CHECK(groups.rate(1_id, 2, 3) == 10 * 3.25);
  plan.groups.pop_back();
  CHECK(message_of([&] { train::OptimizerGroups(plan, {named("b", b)}, 1, make, nothing_sparse); }) ==
        "error: weight 'b' is in no optimizer group [weight-in-no-group]");
}

TEST_CASE("biases do not decay, unless the group says so") {
  for (const bool all : {false, true}) {
    recipe::TrainPlan plan;
    plan.groups = {group_of("*", 1)};
    plan.groups[0_id].optimizer.values["decay"] = 0.25;
    plan.groups[0_id].decay_all = all;
    auto w = weight({1}), bias = weight({1});
    train::OptimizerGroups groups(plan, {named("w", w), named("bias", bias, false)}, 1, make, nothing_sparse);
    w.mutable_grad() = numbers({0}), bias.mutable_grad() = numbers({0});
    groups.step(0, 0, groups.norm());
    CHECK(w.item<double>() == 0.75);
    CHECK(bias.item<double>() == (all ? 0.75 : 1));
  }
}

TEST_CASE("gradients are clipped to the global norm") {
  recipe::TrainPlan plan;
  plan.groups = {group_of("*", 1)};
  plan.clip = 1;
  auto a = weight({0}), b = weight({0});
  train::OptimizerGroups groups(plan, {named("a", a), named("b", b)}, 1, make, nothing_sparse);
  a.mutable_grad() = numbers({3}), b.mutable_grad() = numbers({-4});
  CHECK(groups.norm() == doctest::Approx(5));
  groups.step(0, 0, 5);
  CHECK(a.item<double>() == doctest::Approx(-0.6));
  CHECK(b.item<double>() == doctest::Approx(0.8));
  CHECK(groups.norm() == 0);
}

TEST_CASE("of a touched table only the rows that the step read change, with their state") {
  recipe::TrainPlan plan;
  plan.groups = {group_of("*", 1)};
  plan.groups[0_id].touched = true;
  auto table = weight({1, 2, 3, 4, 5, 6, 7, 8}).detach().view({4, 2}).clone().set_requires_grad(true);
  auto matrix = weight({1, 1});
  std::vector<std::size_t> sparse;
  train::OptimizerGroups groups(plan, {named("m", matrix), named("rows", table, true, true)}, 1, make,
                                [&](std::size_t w) { sparse.push_back(w); });
  CHECK(sparse == std::vector<std::size_t>{1});  // of tables alone
  for (const auto& read : {std::vector<std::int64_t>{1, 3, 1}, {3}}) {
    at::embedding(table, at::tensor(read), -1, false, true).sum().backward();
    groups.step(0, 0, groups.norm());
  }
  // Row 1: its two reads sum to 2. Row 3: 1, then 1 + 1.
  CHECK(values_of(table) == std::vector<double>{1, 2, 1, 2, 5, 6, 4, 5});
  std::map<std::string, at::Tensor> state;
  for (const auto& [name, tensor] : groups.state()) state[name] = tensor;
  CHECK(values_of(state.at("rows.sum")) == std::vector<double>{0, 0, 2, 2, 0, 0, 2, 2});
  CHECK(values_of(state.at("rows.seen")) == std::vector<double>{0, 1, 0, 2});
  CHECK(state.at("rows.count").item<float>() == 2);
  CHECK(state.at("m.count").item<float>() == 0);  // it got no gradient
}

TEST_CASE("state that was saved goes on to the same bits; one of another size is refused") {
  recipe::TrainPlan plan;
  plan.groups = {group_of("*", 0.1)};
  auto w = weight({0.3, -0.7});
  train::OptimizerGroups first(plan, {named("w", w)}, 4, make, nothing_sparse);
  at::Tensor half;
  std::map<std::string, at::Tensor> saved;
  for (std::int64_t t = 0; t < 4; ++t) {
    if (t == 2) {
      half = w.detach().clone();
      for (const auto& [name, tensor] : first.state()) saved[name] = tensor.clone();
    }
    w.mutable_grad() = numbers({std::sin(t), std::cos(t)});
    first.step(t, 0, first.norm());
  }
  auto again = half.set_requires_grad(true);
  train::OptimizerGroups second(plan, {named("w", again)}, 4, make, nothing_sparse);
  second.load(saved);
  for (std::int64_t t = 2; t < 4; ++t) {
    again.mutable_grad() = numbers({std::sin(t), std::cos(t)});
    second.step(t, 0, second.norm());
  }
  CHECK(again.equal(w));
  saved["w.sum"] = numbers({1, 2, 3});
  CHECK_THROWS_AS(second.load(saved), Error);
}

TEST_CASE("what a component does wrong is reported with its group") {
  recipe::TrainPlan plan;
  plan.groups = {group_of("*", 1)};
  auto w = weight({0});
  train::OptimizerGroups groups(plan, {named("w", w)}, 20, make, nothing_sparse);
  CHECK(
      message_of([&] { groups.rate(0_id, 13, 0); }) ==
      "recipe.toml:7:3: error: 'halving' of the optimizer group \"*\": its factor in step 13 is -1.000000; a factor is "
      "finite and at least 0 [optimizer]");
  std::map<std::string, at::Tensor> saved{{"w.count", at::full({}, 100.0F)}};
  groups.load(saved);
  w.mutable_grad() = numbers({1});
  CHECK(message_of([&] { groups.step(0, 0, groups.norm()); }) ==
        "recipe.toml:7:3: error: 'heavy' of the optimizer group \"*\": it has had enough [optimizer]");
}
