#include "train/telemetry.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace braid::train {

using Json = nlohmann::json;

namespace {

constexpr std::int64_t gradient_steps = 5;      // a gate that starts at zero lets gradients through from the second
constexpr double between_timings = 2;           // seconds
constexpr std::int64_t steps_timed_alone = 64;  // enough for a median, and to see a start that is slow

double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Telemetry::Telemetry(const graph::Model& model, Journal& journal)
    : model_(model),
      journal_(journal),
      entities_(model.plan().axes.size(), 0),
      dead_(model.weights().size(), true),
      squared_norms_(model.weights().size(), 0) {
  seconds_.nodes.assign(model.plan().nodes.size(), 0);
}

void Telemetry::add_nodes(const recipe::Indexed<recipe::NodeId, double>& seconds) {
  for (const auto k : seconds.ids()) seconds_.nodes[k] += seconds[k];
}

void Telemetry::step(std::int64_t step, std::int64_t epoch, const StepResult& done, double seconds, double waited) {
  Json line{{"step", step}, {"epoch", epoch}};
  for (const auto& loss : done.losses) line["losses"][model_.plan().nodes[loss.node].name] = loss.mean();
  if (done.finite) line["gradient_norm"] = done.norm;
  else line["skipped"] = true;
  journal_.metrics(line);

  if (done.finite && step < gradient_steps)
    for (std::size_t w = 0; w < done.weight_norms.size(); ++w) {
      squared_norms_[w] += done.weight_norms[w] * done.weight_norms[w];
      if (done.weight_norms[w] > 0) dead_[w] = false;
    }
  for (const auto a : entities_.ids()) entities_[a] += done.entities[a];
  rows_ += done.rows;
  seconds_.training += seconds;
  seconds_.waiting += waited;
  seconds_.forward += done.seconds.forward;
  seconds_.backward += done.seconds.backward;
  seconds_.optimizer += done.seconds.optimizer;
  add_nodes(done.node_seconds);
  if (since(written_at_) >= between_timings || step < steps_timed_alone) write_timing(step + 1);
}

void Telemetry::write_timing(std::int64_t step) {
  journal_.timing({{"step", step},
                   {"rows", rows_ - written_rows_},
                   {"seconds", seconds_.training - written_.training},
                   {"waiting", seconds_.waiting - written_.waiting},
                   {"forward", seconds_.forward - written_.forward},
                   {"backward", seconds_.backward - written_.backward},
                   {"optimizer", seconds_.optimizer - written_.optimizer}});
  written_ = seconds_;
  written_rows_ = rows_;
  written_at_ = std::chrono::steady_clock::now();
}

void Telemetry::validation(std::int64_t step, std::int64_t epoch, const SplitFigures& figures) {
  journal_.metrics({{"step", step}, {"epoch", epoch}, {"split", "valid"}, {"metrics", to_json(figures.all)}});
  seconds_.validation += figures.seconds;
  add_nodes(figures.node_seconds);
  evaluation(step, "valid", figures.seconds);
}

void Telemetry::evaluation(std::int64_t step, const std::string& split, double seconds) {
  journal_.timing({{"step", step}, {"split", split}, {"seconds", seconds}});
}

double Telemetry::waiting_share() const { return seconds_.waiting / std::max(seconds_.training, 1e-9); }

std::vector<GradientReport> Telemetry::gradients(std::int64_t steps) const {
  std::vector<GradientReport> out;
  const auto& weights = model_.weights();
  for (std::size_t w = 0; w < weights.size(); ++w) {
    const auto& node = model_.plan().nodes[weights[w].node].name;
    if (out.empty() || out.back().node != node) out.push_back({node, 0, 0, {}});
    auto& row = out.back();
    row.parameters += weights[w].value.numel();
    row.norm += squared_norms_[w];
    if (dead_[w] && weights[w].value.requires_grad() && weights[w].value.numel() > 0)
      row.dead.push_back(weights[w].name);
  }
  const auto counted = static_cast<double>(std::max<std::int64_t>(1, std::min(steps, gradient_steps)));
  for (auto& row : out) row.norm = std::sqrt(row.norm / counted);
  return out;
}

std::vector<std::pair<std::string, double>> Telemetry::entities_per_row() const {
  std::vector<std::pair<std::string, double>> out;
  for (const auto a : entities_.ids())
    if (entities_[a] > 0)
      out.emplace_back(model_.plan().axes[a].name,
                       static_cast<double>(entities_[a]) / static_cast<double>(std::max<std::int64_t>(rows_, 1)));
  return out;
}

Json Telemetry::save() const {
  const auto& s = seconds_;
  return {{"rows", rows_},
          {"entities", entities_.items()},
          {"dead", dead_},
          {"norms", squared_norms_},
          {"seconds", {s.training, s.waiting, s.forward, s.backward, s.optimizer, s.validation}},
          {"node_seconds", s.nodes.items()}};
}

void Telemetry::load(const Json& saved) try {
  const auto same_size = [](auto& into, const Json& value) {
    using Into = std::decay_t<decltype(into)>;
    auto read = value.get<std::vector<typename Into::value_type>>();
    if (read.size() == into.size()) into = Into(std::move(read));
  };
  rows_ = saved.at("rows");
  same_size(entities_, saved.at("entities"));
  same_size(dead_, saved.at("dead"));
  same_size(squared_norms_, saved.at("norms"));
  same_size(seconds_.nodes, saved.at("node_seconds"));
  const auto& s = saved.at("seconds");
  seconds_.training = s.at(0), seconds_.waiting = s.at(1), seconds_.forward = s.at(2);
  seconds_.backward = s.at(3), seconds_.optimizer = s.at(4), seconds_.validation = s.at(5);
  written_ = seconds_;
  written_rows_ = rows_;
} catch (const Json::exception& e) {
  throw Error("checkpoint", {}, std::string("the checkpoint is not one of this version of Braid: ") + e.what());
}

}  // namespace braid::train
