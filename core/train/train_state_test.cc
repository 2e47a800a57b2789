#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/train_state.h"
#include "train/monitor.h"

#include <ATen/ops/tensor.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>

using namespace braid;
using namespace braid::train;
using Verdict = Monitor::Verdict;

TEST_CASE("a state that was written is read again") {
  TrainState s;
  s.step = 7, s.epoch = 2, s.cursor = "1024", s.last_validated = 5, s.out_of_patience = true;
  s.skipped = 3, s.skipped_in_row = 1;
  s.selected = {0.75, 5, 2};
  const auto text = to_json(s).dump();
  CHECK(train_state(nlohmann::json::parse(text)) == s);
  CHECK(std::isnan(train_state(to_json(TrainState{})).selected.value));
  CHECK_THROWS_AS(train_state(nlohmann::json::parse(R"({"step": 7})")), Error);
  CHECK_THROWS_AS(train_state(nlohmann::json::parse(R"([])")), Error);
}

TEST_CASE("the best validation is the highest, or the lowest where less is better") {
  const Monitor higher("auc", true, 0), lower("log_loss", false, 0);
  Selected a, b;
  CHECK(higher.judge(0.5, 10, a) == Verdict::gain);
  CHECK(higher.judge(0.5, 20, a) == Verdict::no_gain);  // equal is no gain: the earlier one stays
  CHECK(higher.judge(0.6, 30, a) == Verdict::gain);
  CHECK(a.value == 0.6);
  CHECK(a.step == 30);
  CHECK(lower.judge(0.5, 10, b) == Verdict::gain);
  CHECK(lower.judge(0.6, 20, b) == Verdict::no_gain);
  CHECK(lower.judge(0.4, 30, b) == Verdict::gain);
  CHECK(b.validations_without_gain == 0);
}

TEST_CASE("patience counts validations without gain in a row, and none that is not defined") {
  const Monitor monitor("auc", true, 2);
  Selected s;
  CHECK(monitor.judge(std::nan(""), 0, s) == Verdict::undefined);
  CHECK(std::isnan(s.value));
  CHECK(monitor.judge(0.5, 1, s) == Verdict::gain);
  CHECK(monitor.judge(0.4, 2, s) == Verdict::no_gain);
  CHECK(monitor.judge(std::nan(""), 3, s) == Verdict::undefined);
  CHECK(monitor.judge(0.6, 4, s) == Verdict::gain);
  CHECK(monitor.judge(0.6, 5, s) == Verdict::no_gain);
  CHECK(monitor.judge(0.1, 6, s) == Verdict::out_of_patience);
  CHECK(s.step == 4);
  Selected without_end;
  const Monitor patient("auc", true, 0);
  patient.judge(1, 0, without_end);
  for (int k = 0; k < 100; ++k) CHECK(patient.judge(0, k, without_end) == Verdict::no_gain);
}

TEST_CASE("weights that are kept are copies, and come back") {
  Monitor monitor("auc", true, 0);
  std::vector<graph::NamedWeight> weights{
      {.name = "w", .value = at::tensor(std::vector<float>{1, 2}).set_requires_grad(true), .node = recipe::NodeId{0}}};
  CHECK_FALSE(monitor.has_weights());
  monitor.restore(weights);  // nothing is kept: nothing changes
  CHECK(weights[0].value.equal(at::tensor(std::vector<float>{1, 2})));
  monitor.keep(weights);
  weights[0].value.detach().fill_(9);
  CHECK(monitor.weights()[0].second.equal(at::tensor(std::vector<float>{1, 2})));
  monitor.restore(weights);
  CHECK(weights[0].value.equal(at::tensor(std::vector<float>{1, 2})));
}
