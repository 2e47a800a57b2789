// Golden values: tools/goldens/optimizer.py (PyTorch 2.11, double).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <doctest/doctest.h>

#include <cmath>

using namespace braid;

namespace {

at::Tensor numbers(std::int64_t n, double (*f)(double), double shift = 0) {
  auto t = at::empty({n}, at::TensorOptions().dtype(at::kDouble));
  for (std::int64_t k = 0; k < n; ++k) t.mutable_data_ptr<double>()[k] = f(static_cast<double>(k) + shift);
  return t;
}

recipe::TrainPlan plan_of(recipe::GroupPlan group) {
  recipe::TrainPlan plan;
  plan.groups = {std::move(group)};
  return plan;
}

std::vector<double> steps(const recipe::GroupPlan& group, std::int64_t count) {
  auto w = numbers(5, [](double x) { return std::sin(x); });
  w.set_requires_grad(true);
  const auto plan = plan_of(group);
  train::Optimizer optimizer(plan, {{"w", w, true, false, false, 0}}, count, [](std::size_t) {});
  for (std::int64_t t = 0; t < count; ++t) {
    w.mutable_grad() = numbers(
        5, [](double x) { return std::cos(x); }, static_cast<double>(t));
    optimizer.step(t, 0, optimizer.norm());
    CHECK_FALSE(w.grad().defined());
  }
  return {w.const_data_ptr<double>(), w.const_data_ptr<double>() + 5};
}

void equal(const std::vector<double>& have, const std::vector<double>& want) {
  REQUIRE(have.size() == want.size());
  for (std::size_t k = 0; k < want.size(); ++k)
    CHECK(have[k] == doctest::Approx(want[k]).epsilon(1e-8));  // printed to 10 digits
}

}  // namespace

TEST_CASE("AdamW with decay follows PyTorch's") {
  recipe::GroupPlan g;
  g.rate = 0.1, g.decay = 0.05, g.beta1 = 0.8, g.beta2 = 0.95, g.eps = 1e-6;
  equal(steps(g, 3), {-0.2308822345, 0.7850562486, 1.1864637307, 0.3853643156, -0.6652559469});
}

TEST_CASE("SGD with momentum follows PyTorch's") {
  recipe::GroupPlan g;
  g.use = "sgd", g.rate = 0.1, g.momentum = 0.9;
  equal(steps(g, 3), {-0.3320427545, 0.8731162085, 1.275536156, 0.5052340441, -0.729577918});
}

TEST_CASE("Adam, Adagrad, RMSProp and SGD follow PyTorch's, decay added to the gradient") {
  recipe::GroupPlan g;
  g.rate = 0.1, g.decay = 0.05, g.eps = 1e-6, g.beta1 = 0.8, g.beta2 = 0.95, g.alpha = 0.9;
  g.use = "adam";
  equal(steps(g, 3), {-0.2313447315, 0.78423171, 1.2001652379, 0.3872841139, -0.6650508624});
  g.use = "adagrad";
  equal(steps(g, 3), {-0.1122148363, 0.876741841, 1.1532992677, 0.2711369877, -0.7691915165});
  g.use = "rmsprop";
  equal(steps(g, 3), {-0.3449321034, 0.9700415692, 1.6865401231, 0.5449674568, -0.8145145068});
  g.use = "sgd", g.momentum = 0.9;
  equal(steps(g, 3), {-0.3298751033, 0.8504309689, 1.2488547303, 0.499087212, -0.7095387873});
  g.use = "rmsprop", g.momentum = 0.8, g.decay = 0;
  equal(steps(g, 3), {-0.9353943147, 0.6958835249, 2.3812840441, 1.1579179431, -0.4842504523});
}

namespace {

// The table, its reads and their gradients that tools/goldens/optimizer.py describes.
std::vector<double> table_steps(const recipe::GroupPlan& group) {
  auto table = numbers(12, [](double x) { return std::sin(x); }).view({4, 3}).clone().set_requires_grad(true);
  const auto plan = plan_of(group);
  train::Optimizer optimizer(plan, {{"rows", table, true, true, false, 0}}, 3, [](std::size_t) {});
  const std::vector<std::vector<std::int64_t>> reads = {{1, 3, 1}, {3}, {0, 1}};
  for (std::size_t t = 0; t < reads.size(); ++t) {
    const auto read = at::embedding(table, at::tensor(reads[t]), -1, false, group.touched);
    at::Tensor sum;
    for (std::size_t j = 0; j < reads[t].size(); ++j) {
      const auto gradient = numbers(
          3, [](double x) { return std::cos(x); }, static_cast<double>(t + j));
      const auto part = read.select(0, static_cast<std::int64_t>(j)).mul(gradient).sum();
      sum = sum.defined() ? sum.add(part) : part;
    }
    sum.backward();
    optimizer.step(static_cast<std::int64_t>(t), 0, optimizer.norm());
  }
  return {table.const_data_ptr<double>(), table.const_data_ptr<double>() + 12};
}

}  // namespace

TEST_CASE("touched tables follow PyTorch's sparse optimisers") {
  recipe::GroupPlan g;
  g.rate = 0.1, g.eps = 1e-6, g.beta1 = 0.8, g.beta2 = 0.95, g.touched = true;
  g.use = "adam", g.eps = 1e-15;
  equal(table_steps(g), {0.0692186301, 0.9106896149, 0.978516057, 0.0728174008, -0.5676711532, -0.8222734433,
                         -0.2794154982, 0.6569865987, 0.9893582466, 0.2121184852, -0.3440211109, -0.7999902066});
  g.use = "sgd";
  equal(table_steps(g), {0.0416146837, 0.9404702345, 0.9746617889, 0.1817339414, -0.6464691141, -0.8803114475,
                         -0.2794154982, 0.6569865987, 0.9893582466, 0.3040580241, -0.4607917436, -0.8019917072});
}

TEST_CASE("Adagrad leaves rows that were not read alone, touched or not; by row it keeps one sum") {
  recipe::GroupPlan g;
  g.use = "adagrad", g.rate = 0.1, g.eps = 1e-6;
  for (const bool touched : {false, true}) {
    g.touched = touched, g.by_row = false;
    equal(table_steps(g), {0.0999997597, 0.9414708838, 1.0092972738, 0.1272562594, -0.5744168861, -0.8845543279,
                           -0.2794154982, 0.6569865987, 0.9893582466, 0.2414080847, -0.3733107932, -0.8292796799});
    g.by_row = true;
    equal(table_steps(g), {0.0573333802, 0.9778642268, 0.9993512129, 0.1595011033, -0.633311083, -0.8438599802,
                           -0.2794154982, 0.6569865987, 0.9893582466, 0.2792276213, -0.4416670916, -0.7564951173});
  }
  const auto plan = plan_of(g);
  auto table = at::empty({4, 3}).set_requires_grad(true), matrix = at::empty({4, 3}).set_requires_grad(true);
  const train::Optimizer optimizer(plan, {{"rows", table, true, true, false, 0}, {"w", matrix, true, false, false, 0}},
                                   1, [](std::size_t) {});
  std::map<std::string, std::vector<std::int64_t>> sizes;
  for (const auto& [name, tensor] : optimizer.state()) sizes[name] = tensor.sizes().vec();
  CHECK(sizes == std::map<std::string, std::vector<std::int64_t>>{
                     {"rows.second", {4}}, {"rows.count", {}}, {"w.second", {4, 3}}, {"w.count", {}}});
}

TEST_CASE("a touched table changes in the rows that the step read, by the formula in the header") {
  recipe::GroupPlan g;
  g.rate = 0.1, g.decay = 0.2, g.touched = true;
  const auto plan = plan_of(g);
  auto table = numbers(12, [](double x) { return std::sin(x); }).view({4, 3}).clone().set_requires_grad(true);
  std::vector<double> w(table.const_data_ptr<double>(), table.const_data_ptr<double>() + 12), m(12, 0), v(12, 0);
  bool marked = false;
  train::Optimizer optimizer(plan, {{"rows", table, true, true, false, 0}}, 10,
                             [&](std::size_t k) { marked = k == 0; });
  CHECK(marked);
  const std::vector<std::vector<std::int64_t>> reads = {{1, 3, 1}, {3}, {0, 1}};
  for (std::size_t t = 0; t < reads.size(); ++t) {
    const auto ids = at::tensor(reads[t]);
    at::embedding(table, ids, -1, false, true).sum().backward();
    optimizer.step(static_cast<std::int64_t>(t), 0, optimizer.norm());
    for (std::int64_t row = 0; row < 4; ++row) {
      const double grad = static_cast<double>(std::count(reads[t].begin(), reads[t].end(), row));
      if (grad == 0) continue;
      for (int k = 0; k < 3; ++k) {
        const auto i = static_cast<std::size_t>(row * 3 + k);
        const double n = static_cast<double>(t + 1);
        w[i] *= 1 - g.rate * g.decay;
        m[i] = g.beta1 * m[i] + (1 - g.beta1) * grad;
        v[i] = g.beta2 * v[i] + (1 - g.beta2) * grad * grad;
        w[i] -= g.rate * (m[i] / (1 - std::pow(g.beta1, n))) / (std::sqrt(v[i] / (1 - std::pow(g.beta2, n))) + g.eps);
      }
    }
    for (std::size_t i = 0; i < 12; ++i)
      CHECK(table.const_data_ptr<double>()[i] == doctest::Approx(w[i]).epsilon(1e-12));
  }
  CHECK(table.const_data_ptr<double>()[6] == std::sin(6.0));  // row 2 was never read: not a bit has moved
}

TEST_CASE("gradients are clipped to the global norm") {
  recipe::GroupPlan g;
  g.use = "sgd", g.rate = 1;
  auto plan = plan_of(g);
  plan.clip = 1;
  auto a = at::tensor(std::vector<double>{0}).set_requires_grad(true),
       b = at::tensor(std::vector<double>{0}).set_requires_grad(true);
  train::Optimizer optimizer(plan, {{"a", a, true, false, false, 0}, {"b", b, true, false, false, 0}}, 1,
                             [](std::size_t) {});
  a.mutable_grad() = at::tensor(std::vector<double>{3});
  b.mutable_grad() = at::tensor(std::vector<double>{-4});
  CHECK(optimizer.norm() == doctest::Approx(5));
  optimizer.step(0, 0, 5);
  CHECK(a.item<double>() == doctest::Approx(-0.6));
  CHECK(b.item<double>() == doctest::Approx(0.8));
}

TEST_CASE("moments that were saved go on to the same bits") {
  for (const auto* use : {"adamw", "adam", "adagrad", "rmsprop", "sgd"}) {
    recipe::GroupPlan g;
    g.use = use, g.rate = 0.1, g.momentum = 0.9, g.decay = 0.01;
    const auto plan = plan_of(g);
    const auto gradient = [](double t) {
      return numbers(
          5, [](double x) { return std::cos(x); }, t);
    };
    auto w = numbers(5, [](double x) { return std::sin(x); }).set_requires_grad(true);
    train::Optimizer first(plan, {{"w", w, true, false, false, 0}}, 4, [](std::size_t) {});
    at::Tensor half;
    std::map<std::string, at::Tensor> saved;
    for (std::int64_t t = 0; t < 4; ++t) {
      if (t == 2) {
        half = w.detach().clone();
        for (const auto& [name, tensor] : first.state()) saved[name] = tensor.clone();
      }
      w.mutable_grad() = gradient(static_cast<double>(t));
      first.step(t, 0, first.norm());
    }
    auto again = half.set_requires_grad(true);
    train::Optimizer second(plan, {{"w", again, true, false, false, 0}}, 4, [](std::size_t) {});
    second.load(saved);
    for (std::int64_t t = 2; t < 4; ++t) {
      again.mutable_grad() = gradient(static_cast<double>(t));
      second.step(t, 0, second.norm());
    }
    CHECK(again.equal(w));
    saved[saved.contains("w.first") ? "w.first" : "w.second"] = at::empty({4}, at::TensorOptions().dtype(at::kDouble));
    CHECK_THROWS_AS(second.load(saved), Error);
  }
}

TEST_CASE("schedules") {
  recipe::GroupPlan g;
  g.rate = 2, g.warm_up = 4;
  const auto plan = plan_of(g);
  auto w = at::tensor(std::vector<double>{0}).set_requires_grad(true);
  const train::Optimizer optimizer(plan, {{"w", w, true, false, false, 0}}, 14, [](std::size_t) {});
  CHECK(optimizer.rate(g, 0, 0) == doctest::Approx(0.5));
  CHECK(optimizer.rate(g, 3, 0) == doctest::Approx(2));
  CHECK(optimizer.rate(g, 9, 3) == doctest::Approx(2));
  g.schedule = recipe::GroupPlan::Schedule::cosine, g.last = 0.1;
  CHECK(optimizer.rate(g, 9, 0) ==
        doctest::Approx(2 * (0.1 + 0.9 * 0.5)));  // half way through the ten steps after warm-up
  CHECK(optimizer.rate(g, 14, 0) == doctest::Approx(0.2));
  g.schedule = recipe::GroupPlan::Schedule::exponential, g.factor = 0.5, g.warm_up = 0;
  CHECK(optimizer.rate(g, 0, 3) == doctest::Approx(0.25));
}

TEST_CASE("a weight that no group matches is an error, and biases do not decay") {
  recipe::GroupPlan g;
  g.match = "tower.*", g.use = "sgd", g.rate = 1, g.decay = 0.5;
  const auto plan = plan_of(g);
  auto w = at::tensor(std::vector<double>{1}).set_requires_grad(true),
       bias = at::tensor(std::vector<double>{1}).set_requires_grad(true);
  CHECK_THROWS_AS(train::Optimizer(plan, {{"head.w", w, true, false, false, 0}}, 1, [](std::size_t) {}), Error);
  train::Optimizer optimizer(plan,
                             {{"tower.w", w, true, false, false, 0}, {"tower.bias", bias, false, false, false, 0}}, 1,
                             [](std::size_t) {});
  w.mutable_grad() = at::tensor(std::vector<double>{0});
  bias.mutable_grad() = at::tensor(std::vector<double>{0});
  optimizer.step(0, 0, optimizer.norm());
  CHECK(w.item<double>() == doctest::Approx(0.5));
  CHECK(bias.item<double>() == 1);
}
