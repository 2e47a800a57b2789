#include "train/run.h"

#include "log/log.h"
#include "train/model.h"
#include "train/safetensors.h"
#include "train/trainer.h"

#include <torch/version.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>

namespace braid::train {
namespace {

namespace files = std::filesystem;
using Json = nlohmann::json;

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::vector<std::string> splits_of(const Model& model, const std::vector<std::string>& asked) {
  std::vector<std::string> known;
  for (const auto& split : asked.empty() ? model.plan.eval.splits : asked)
    if (model.source->rows(split) > 0) known.push_back(split);
  return known;
}

// JSON has no NaN: a figure that is not defined for these rows is null.
Json number(double x) { return std::isfinite(x) ? Json(x) : Json(); }

Json figures_json(const SplitFigures& split) {
  Json out;
  for (const auto& [name, value] : split.all) out[name] = number(value);
  out["rows"] = split.rows;
  for (const auto& [slice, figures] : split.slices) {
    for (const auto& [name, value] : figures) out["slices"][slice][name] = number(value);
    out["slices"][slice]["rows"] = split.slice_rows.at(slice);
  }
  return out;
}

void print_figures(const std::string& split, const Json& figures) {
  std::string line = split;
  line.resize(std::max<std::size_t>(line.size(), 12), ' ');
  for (const auto& [name, value] : figures.items()) {
    if (name == "slices" || name == "rows") continue;
    char text[64];
    if (value.is_number()) std::snprintf(text, sizeof text, "  %s %.4f", name.c_str(), value.get<double>());
    else std::snprintf(text, sizeof text, "  %s -", name.c_str());
    line += text;
  }
  std::printf("%s  (%lld rows)\n", line.c_str(), static_cast<long long>(figures.at("rows").get<std::int64_t>()));
  if (figures.contains("slices"))
    for (const auto& [slice, inner] : figures.at("slices").items()) print_figures("  " + slice, inner);
}

Json evaluate_all(Model& model, const std::vector<std::string>& splits, std::int64_t step) {
  Json out = Json::object();
  for (const auto& split : splits)
    out[split] = figures_json(
        evaluate(model.plan, *model.source, *model.graph, split, {.training = false, .step = step, .epoch = 0}));
  return out;
}

// An earlier run's folder moves out of the way: nothing is lost.
void make_room(const std::string& out) {
  if (files::exists(out) && !files::is_empty(out)) {
    int n = 1;
    while (files::exists(out + "." + std::to_string(n))) ++n;
    const auto aside = out + "." + std::to_string(n);
    files::rename(out, aside);
    log::info(out + " holds an earlier run: moved to " + aside);
  }
  files::create_directories(out);
}

Json lock_of(const Model& model, const Workshop& shop) {
  Json lock{{"braid", BRAID_VERSION}, {"torch", TORCH_VERSION}, {"seed", model.plan.train.seed}};
  char text[32];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(model.source->fingerprint()));
  lock["data"] = text;
  lock["machine"] = {{"cpu", cpu_model()}, {"threads", shop.threads}, {"device", "cpu"}};
  std::map<std::string, std::string> plugins;
  const auto add = [&](const recipe::Use& use) {
    if (!use.plugin_file.empty()) plugins[use.plugin] = use.plugin_file;
  };
  for (const auto& table : model.plan.tables) {
    add(table.reader);
    for (const auto& field : table.fields) add(field.use);
  }
  for (const auto& node : model.plan.nodes) add(node.use);
  for (const auto& metric : model.plan.metrics) add(metric.use);
  for (const auto& [name, file] : plugins)
    lock["plugins"][name] = {{"file", files::path(file).filename().string()}, {"digest", shop.digest(file)}};
  return lock;
}

void print_gradients(const Outcome& outcome) {
  std::printf("%-20s %12s %14s\n", "node", "parameters", "gradient norm");
  for (const auto& row : outcome.gradients) {
    std::printf("%-20s %12lld %14.3g\n", row.node.c_str(), static_cast<long long>(row.parameters), row.norm);
    for (const auto& dead : row.dead) std::printf("  NO GRADIENT reached %s in the first steps\n", dead.c_str());
  }
}

Json result_of(const Outcome& outcome, const Model& model, const Json& splits, const Workshop& shop, double start_mib) {
  Json out;
  out["splits"] = splits;
  out["samples_per_second"] = outcome.seconds > 0 ? static_cast<double>(outcome.rows) / outcome.seconds : 0;
  out["waiting_share"] = outcome.seconds > 0 ? outcome.waited / outcome.seconds : 0;
  out["parameters"] = outcome.parameters;
  out["steps"] = outcome.steps;
  out["epochs"] = outcome.epochs;
  out["best_step"] = outcome.best_step;
  out["train_seconds"] = outcome.seconds;
  out["seed"] = model.plan.train.seed;
  out["threads"] = shop.threads;
  out["peak_mib"] = peak_mib();
  out["loaded_mib"] = start_mib;
  for (const auto& [axis, share] : outcome.entities_per_row) out["entities_per_row"][axis] = share;
  for (const auto& row : outcome.gradients)
    out["gradients"].push_back(
        {{"node", row.node}, {"parameters", row.parameters}, {"norm", row.norm}, {"without_gradient", row.dead}});
  const auto& report = model.source->report();
  for (const auto& table : report.tables)
    out["tables"][table.name] = {{"rows", table.rows},
                                 {"kept", table.kept},
                                 {"bad_rows", table.bad_rows},
                                 {"dangling_links", table.dangling_links}};
  out["split_rows"] = report.splits;
  return out;
}

// One seed. Returns the result, or null when the recipe has problems (which are printed).
Json train_one(const TrainRequest& request, const std::string& out, const std::vector<std::string>& sets,
               const std::string& name, const Workshop& shop) {
  auto model = assemble(request.recipe, sets, shop, {});
  if (!model) return {};
  const double start_mib = peak_mib();
  make_room(out);
  write_file(out + "/recipe.toml", read_file(request.recipe));
  write_file(out + "/resolved.toml", model->plan.resolved);
  write_file(out + "/lock.json", lock_of(*model, shop).dump(2) + "\n");
  files::create_directories(out + "/fields");
  for (const auto& [field, bytes] : model->source->save()) write_file(out + "/fields/" + field, bytes);
  for (const auto& warning : model->source->report().warnings) log::warning(warning);
  for (const auto& table : model->source->report().tables)
    if (table.bad_rows || table.dangling_links)
      log::warning("table " + table.name + ": " + std::to_string(table.bad_rows) + " bad rows skipped, " +
                   std::to_string(table.dangling_links) + " links to entities that are not listed");
  std::ofstream metrics(out + "/metrics.jsonl");
  const auto record = [&](const Json& line) {
    metrics << line.dump() << '\n';
    metrics.flush();
    if (!metrics) throw Error(out + "/metrics.jsonl: error: cannot be written: is the disk full? [file]");
  };
  const auto outcome = train(model->plan, *model->source, *model->graph, record, name);
  std::vector<std::pair<std::string, at::Tensor>> weights;
  for (const auto& w : model->graph->weights()) weights.emplace_back(w.name, w.value);
  save_safetensors(out + "/weights.safetensors", weights,
                   {{"braid", BRAID_VERSION}, {"step", std::to_string(outcome.best_step)}});
  const auto splits = evaluate_all(*model, splits_of(*model, request.splits), outcome.best_step);
  const auto result = result_of(outcome, *model, splits, shop, start_mib);
  write_file(out + "/result.json", result.dump(2) + "\n");
  print_gradients(outcome);
  for (const auto& [split, figures] : splits.items()) print_figures(split, figures);
  std::printf("%.0f rows/s, waits for data %.0f %%, %lld parameters, %s/result.json\n",
              result.at("samples_per_second").get<double>(), 100 * result.at("waiting_share").get<double>(),
              static_cast<long long>(outcome.parameters), out.c_str());
  std::fflush(stdout);
  return result;
}

// Mean and sample standard deviation of every number that all runs have.
Json spread(const std::vector<Json>& results, const Json& like) {
  Json out = Json::object();
  for (const auto& [name, value] : like.items()) {
    std::vector<Json> same;
    for (const auto& r : results)
      if (r.contains(name)) same.push_back(r.at(name));
    if (same.size() != results.size()) continue;
    if (value.is_object()) {
      out[name] = spread(same, value);
    } else if (value.is_number()) {
      double sum = 0, squares = 0;
      bool all = true;
      for (const auto& s : same) all = all && s.is_number();
      if (!all) continue;
      for (const auto& s : same) sum += s.get<double>();
      const double mean = sum / static_cast<double>(same.size());
      for (const auto& s : same) squares += (s.get<double>() - mean) * (s.get<double>() - mean);
      out[name] = {{"mean", mean},
                   {"spread", same.size() > 1 ? std::sqrt(squares / static_cast<double>(same.size() - 1)) : 0.0}};
    }
  }
  return out;
}

Json means_only(const Json& spreads) {
  if (spreads.is_object() && spreads.contains("mean")) return spreads.at("mean");
  Json out = Json::object();
  for (const auto& [name, value] : spreads.items()) out[name] = means_only(value);
  return out;
}

}  // namespace

int train_command(const TrainRequest& request, const Workshop& shop) {
  if (request.seeds.size() <= 1) {
    auto sets = request.sets;
    if (!request.seeds.empty()) sets.push_back("train.seed=" + std::to_string(request.seeds[0]));
    return train_one(request, request.out, sets, "train", shop).is_null() ? 1 : 0;
  }
  std::vector<Json> results;
  make_room(request.out);
  for (const auto seed : request.seeds) {
    auto sets = request.sets;
    sets.push_back("train.seed=" + std::to_string(seed));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    auto result =
        train_one(request, request.out + "/seed-" + std::to_string(seed), sets, "seed " + std::to_string(seed), shop);
    if (result.is_null()) return 1;
    results.push_back(std::move(result));
  }
  const auto all = spread(results, results[0]);
  Json out = means_only(all);
  out["seeds"] = request.seeds;
  out["spread"] = all;
  write_file(request.out + "/result.json", out.dump(2) + "\n");
  std::printf("mean of %zu seeds\n", results.size());
  for (const auto& [split, figures] : out.at("splits").items()) print_figures(split, figures);
  return 0;
}

int eval_command(const std::string& run, const std::vector<std::string>& splits, const std::vector<std::string>& sets,
                 bool json, const Workshop& shop) {
  auto model = load_run(run, sets, shop);
  if (!model) return 1;
  const auto out = evaluate_all(*model, splits_of(*model, splits), 0);
  if (json) std::printf("%s\n", Json{{"splits", out}}.dump(2).c_str());
  else
    for (const auto& [split, figures] : out.items()) print_figures(split, figures);
  return 0;
}

}  // namespace braid::train
