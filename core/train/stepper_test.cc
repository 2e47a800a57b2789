// Steps against the same step made by hand: one loss w²x²/2 a row, whose gradient is the mean of w x².
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/stepper.h"

#include "tests/toys/components.h"
#include "sdk/state.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace braid;

namespace {

using namespace recipe::testing;

struct Squares final : Loss {
  In x{*this, "x", "float[rows]", "numbers"};
  Weight w{*this, "w", {"1"}, {Start::one}};
  Out loss{*this, "loss", "float[rows]", "w² x² / 2"};
  void run(Frame& f) override { f[loss] = (f[x] * w()).square() * 0.5; }
};
struct Plain final : Optimizer {
  void step(std::span<WeightStep> weights, double rate, bool) const override {
    for (auto& one : weights) one.weight.sub_(one.gradient, rate);
  }
  void formula(Number&, double, bool) const override {}
};
struct Same final : Schedule {
  double factor(const RunPosition&) const override { return 1; }
};

std::unique_ptr<Component> make(const recipe::Use& use, const WireCounts&) {
  if (use.component == "squares")
    return construct([]() -> std::unique_ptr<Component> { return std::make_unique<Squares>(); }, {}, {});
  if (use.component == "plain")
    return construct([]() -> std::unique_ptr<Component> { return std::make_unique<Plain>(); }, {}, {});
  return construct([]() -> std::unique_ptr<Component> { return std::make_unique<Same>(); }, {}, {});
}

// A table of these numbers, learnt from in their order.
struct World {
  data::testing::Folder folder;
  recipe::Plan plan;
  std::unique_ptr<data::Source> source;
  std::unique_ptr<graph::Model> graph;

  World(const std::vector<std::string>& numbers, std::int64_t batch, std::int64_t accumulate) {
    std::string text = "x\n";
    for (const auto& x : numbers) text += x + "\n";
    recipe::TablePlan table;
    table.name = "events", table.reader = data::testing::reader(), table.files = {folder.write("events.tsv", text)};
    table.labels = {{"x", data::testing::expression("x"), "x", {}}};
    plan.tables.push_back(table);
    data::testing::own_axes(plan);
    data::testing::read_label(plan, 0_id, 0_id);
    auto& node = plan.nodes[0_id];
    node.name = "learn", node.trains = true;
    node.use.component = "squares";
    node.use.schema = make(node.use, {})->state().schema;
    const recipe::Size rows = recipe::AxisRows{0_id};
    node.outputs = {{{DType::floating, false, {}, {rows}}}};
    node.inputs[0][0].type = node.outputs[0][0];
    recipe::GroupPlan group;
    group.optimizer.component = "plain", group.schedule.component = "same", group.rate = 0.5;
    plan.train.groups = {group};
    plan.train.rows = 0_id, plan.train.batch = batch, plan.train.accumulate = accumulate;
    plan.data.threads = 1;
    source = data::Source::open(plan, data::testing::makers());
    graph = std::make_unique<graph::Model>(
        plan, [](recipe::TableId, recipe::FieldId) -> const Field& { throw std::logic_error("there is no field"); },
        make);
  }
  std::unique_ptr<data::Pass> pass() { return source->pass({.batch = plan.train.batch, .training = true}); }
  double weight() { return graph->weights()[0].value.item<double>(); }
};

constexpr graph::Mode training{.training = true};

}  // namespace

TEST_CASE("a step is the mean over all rows of its batches, the last one with what is left") {
  // Rows 1 2 | 3 4 | 5: batches of two, two a step.
  World world({"1", "2", "3", "4", "5"}, 2, 2);
  train::Stepper stepper(*world.graph, 2, make);
  const train::Settled nothing(world.plan, *world.source, *world.graph, 0);
  const auto pass = world.pass();

  const auto first = stepper.step(*pass, training, nothing);
  REQUIRE(first);
  CHECK(first->batches == 2);
  CHECK(first->rows == 4);
  CHECK(first->entities.items() == std::vector<std::int64_t>{4});
  const double gradient = (1 + 4 + 9 + 16) / 4.0;
  CHECK(first->loss == doctest::Approx(gradient / 2));
  CHECK(first->losses[0].count == 4);
  CHECK(first->norm == doctest::Approx(gradient));
  CHECK(first->weight_norms == std::vector<double>{first->norm});
  double w = 1 - 0.5 * gradient;
  CHECK(world.weight() == doctest::Approx(w));
  CHECK_FALSE(world.graph->weights()[0].value.grad().defined());

  const auto second = stepper.step(*pass, {.training = true, .step = 1}, nothing);
  REQUIRE(second);
  CHECK(second->batches == 1);
  CHECK(second->rows == 1);
  w -= 0.5 * 25 * w;
  CHECK(world.weight() == doctest::Approx(w));
  CHECK_FALSE(stepper.step(*pass, {.training = true, .step = 2}, nothing));
}

TEST_CASE("a step of several batches is that of one batch of all their rows") {
  double want = 0;
  for (const auto& [batch, accumulate] : {std::pair<std::int64_t, std::int64_t>{6, 1}, {1, 6}, {2, 3}, {4, 2}}) {
    World world({"0.1", "-0.3", "0.7", "0.2", "0.9", "-1.1"}, batch, accumulate);
    train::Stepper stepper(*world.graph, 1, make);
    const train::Settled nothing(world.plan, *world.source, *world.graph, 0);
    stepper.step(*world.pass(), training, nothing);
    if (batch == 6) want = world.weight();
    CHECK(world.weight() == doctest::Approx(want).epsilon(1e-6));
  }
  CHECK(want < 1);
}

TEST_CASE("a step whose loss is not finite changes nothing and names the batch") {
  World world({"1", "2", "1e30", "3", "4", "4", "4", "4"}, 1, 4);  // (1e30)² is infinite in float32
  train::Stepper stepper(*world.graph, 1, make);
  const train::Settled nothing(world.plan, *world.source, *world.graph, 0);
  const auto pass = world.pass();
  const auto done = stepper.step(*pass, training, nothing);
  REQUIRE(done);
  CHECK_FALSE(done->finite);
  CHECK(done->batches == 3);
  REQUIRE(done->failed);
  CHECK(done->failed->row_numbers == std::vector<std::int64_t>{2});
  CHECK(world.weight() == 1);
  CHECK_FALSE(world.graph->weights()[0].value.grad().defined());
  // The next step has nothing of it, and begins where it would have begun: at the fifth row.
  CHECK(pass->cursor() == "4");
  CHECK(stepper.step(*pass, training, nothing)->norm == doctest::Approx(16));
  CHECK_FALSE(pass->more());
}
