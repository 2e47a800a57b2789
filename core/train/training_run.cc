#include "train/training_run.h"

#include "log/log.h"
#include "model/content_report.h"
#include "model/run_folder.h"
#include "model/weight_files.h"
#include "report/report.h"
#include "report/run_files.h"
#include "train/interrupt.h"
#include "train/mean_of_seeds.h"
#include "train/replay.h"
#include "train/trainer.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>

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

std::vector<std::string> splits_of(const model::Assembly& model, const std::vector<std::string>& asked) {
  std::vector<std::string> out;
  const auto& known = model.source->report().splits;
  for (const auto& split : asked.empty() ? model.plan.eval.splits : asked) {
    if (model.source->rows(split) > 0) out.push_back(split);
    if (asked.empty() || known.count(split)) continue;
    std::string names;
    for (const auto& [name, rows] : known) names += (names.empty() ? "" : ", ") + name;
    throw Error("split-unknown", {}, "there is no split '" + split + "'; this data has " + names);
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

void print_gradients(const Outcome& outcome) {
  std::printf("%-20s %12s %14s\n", "node", "parameters", "gradient norm");
  for (const auto& row : outcome.gradients) {
    std::printf("%-20s %12lld %14.3g\n", row.node.c_str(), static_cast<long long>(row.parameters), row.norm);
    for (const auto& dead : row.dead) std::printf("  NO GRADIENT reached %s in the first steps\n", dead.c_str());
  }
}

Json result_of(const Outcome& outcome, const model::Assembly& model, const model::RuntimeServices& services,
               double start_mib) {
  Json out;
  const auto& s = outcome.seconds;
  out["splits"] = Json::object();
  for (const auto& [split, figures] : outcome.splits) out["splits"][split] = figures;
  for (std::size_t m = 0; m < model.plan.metrics.size(); ++m)
    out["higher_is_better"][model.plan.metrics[m].name] = model.graph->metric(m).higher_is_better();
  out["samples_per_second"] = s.training > 0 ? static_cast<double>(outcome.rows) / s.training : 0;
  out["waiting_share"] = s.training > 0 ? s.waiting / s.training : 0;
  out["parameters"] = outcome.parameters;
  out["steps"] = outcome.steps;
  out["epochs"] = outcome.epochs;
  out["best_step"] = outcome.best_step;
  out["skipped_steps"] = outcome.skipped;
  out["train_seconds"] = s.training;
  out["time"] = {{"waiting", s.waiting},     {"forward", s.forward},       {"backward", s.backward},
                 {"optimizer", s.optimizer}, {"validation", s.validation}, {"nodes", Json::object()}};
  for (const auto k : s.nodes.ids()) out["time"]["nodes"][model.plan.nodes[k].name] = s.nodes[k];
  out["seed"] = model.plan.train.seed;
  out["threads"] = services.threads;
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
  out["content"] = model::content_json(report);
  for (const auto& [split, links] : report.unseen)
    for (const auto& [link, count] : links)
      out["unseen"][split][link] = {{"rows", count.rows}, {"unseen", count.unseen}};
  return out;
}

// The page is made from the folder's files, and can be made again: no reason to lose a run.
void draw(const std::string& out, const recipe::Plan* plan) {
  try {
    report::write_report(out, plan);
  } catch (const std::exception& e) {
    log::warning("no report.html: " + std::string(e.what()));
  }
}

// How one run ended.
struct Ended {
  int code = 0;
  Json result;  // when it is 0
};

void complain(const model::Assembly& model) {
  for (const auto& warning : model.source->report().warnings) log::warning(warning);
  for (const auto& table : model.source->report().tables)
    if (table.bad_rows || table.dangling_links)
      log::warning("table " + table.name + ": " + std::to_string(table.bad_rows) + " bad rows skipped, " +
                   std::to_string(table.dangling_links) + " links to entities that are not listed");
  model::print_content(model);
}

// Trains in a folder that is made and held, from the start or after a checkpoint, to its result.json.
Ended train_in(const std::string& out, model::Assembly& model, const std::vector<std::string>& splits,
               const std::string& name, const std::string& resume, Checkpoints& checkpoints, const Checkpoint* from,
               double start_mib, const model::RuntimeServices& services) {
  const auto measured = model::measured_by(model::lock_of(model, services), model.plan.resolved);
  Journal journal(out, from ? from->state.at("journal") : Json::object());
  const TrainJob job{*model.graph,
                     *model.source,
                     services.component,
                     journal,
                     checkpoints,
                     from,
                     measured,
                     splits_of(model, splits),
                     name,
                     [&](const auto& batch, const auto& mode, const auto& settled) {
                       return explain(out, *model.graph, *model.source, settled, batch, mode);
                     }};
  Outcome outcome;
  try {
    outcome = train(job);
  } catch (const Error& e) {
    // Before anything was saved the same recipe and data fail again; a disk that was full may have room later.
    auto mistakes = e.diagnostics();
    if (!checkpoints.any() && mistakes.back().code != "file") throw;
    mistakes.back().notes.push_back("what was saved goes on with `braid train --resume " + resume + "`");
    throw Error(mistakes);
  }
  if (outcome.stopped) {
    log::progress_end();
    log::info(std::string(Interrupt::name()) + ": stopped after step " + std::to_string(outcome.steps) +
              " and saved; go on with\n  braid train --resume " + resume);
    return {exit_stopped, {}};
  }
  model::save_weights(out + "/weights.safetensors", model.graph->weights(),
                      {{"braid", BRAID_VERSION}, {"step", std::to_string(outcome.best_step)}});
  journal.sync();
  const auto result = result_of(outcome, model, services, start_mib);
  model::write_file(out + "/result.json", result.dump(2) + "\n");
  draw(out, &model.plan);
  print_gradients(outcome);
  for (const auto& [split, figures] : outcome.splits) print_figures(split, figures);
  std::printf("%.0f rows/s, waits for data %.0f %%, %lld parameters, %s/result.json\n",
              result.at("samples_per_second").get<double>(), 100 * result.at("waiting_share").get<double>(),
              static_cast<long long>(outcome.parameters), out.c_str());
  std::fflush(stdout);
  return {0, result};
}

// Everything about a run that is known before its first step.
void begin(const std::string& out, const model::Request& request, const model::Assembly& model,
           const model::RuntimeServices& services) {
  model::write_file(out + "/recipe.toml", model::read_file(request.recipe));
  model::write_file(out + "/resolved.toml", model.plan.resolved);
  files::create_directories(out + "/fields");
  for (const auto& [field, bytes] : model.source->save()) model::write_file(out + "/fields/" + field, bytes);
  model::write_file(out + "/lock.json",
                    model::lock_of(model, services).dump(2) + "\n");  // last: with it the rest is complete
}

// From the first step, in a folder that is held.
Ended from_the_start(const model::Request& request, const std::string& out, model::Assembly& model,
                     const std::string& name, const std::string& resume, const model::RuntimeServices& services) {
  const double start_mib = peak_mib();
  for (const auto& line : model::start_weights(model.plan, *model.graph)) log::info(line);
  begin(out, request, model, services);
  complain(model);
  Checkpoints checkpoints(out);
  return train_in(out, model, request.splits, name, resume, checkpoints, nullptr, start_mib, services);
}

// One run from its start. `recipe`: as the user names it; `resume`: the folder to name when it is stopped.
Ended start_run(const model::Request& request, const std::string& recipe, const std::string& out,
                const std::string& name, const std::string& resume, const model::RuntimeServices& services) {
  std::optional<model::FolderLock> lock;
  auto model = model::assemble(recipe, request.sets, services, {}, false, [&] {
    model::make_room(out);
    lock.emplace(out);
    request.write(out);
  });
  return model ? from_the_start(request, out, *model, name, resume, services) : Ended{1, {}};
}

// What keeps a run from going on, unless changes are allowed. True: something has changed.
bool compare_locks(const std::string& out, const model::Assembly& model, bool allow,
                   const model::RuntimeServices& services) {
  const auto was = Json::parse(model::read_file(out + "/lock.json"), nullptr, false);
  if (!was.is_object()) throw Error("run-folder", out + "/lock.json", "is no JSON object");
  const auto is = model::lock_of(model, services);
  const auto differ = model::differences(was, is, model::read_file(out + "/resolved.toml"), model.plan.resolved);
  if (!differ.empty() && !allow) {
    auto notes = differ;
    notes.push_back("undo that, or say --allow-changes to go on from the weights as they are");
    throw Error("run-changed", out,
                "the run cannot go on as it was: " + std::to_string(differ.size()) +
                    (differ.size() == 1 ? " thing differs" : " things differ"),
                notes);
  }
  for (const auto& one : differ) log::warning("goes on with a change: " + one);
  if (const auto machine = model::machine_difference(was, is); !machine.empty())
    log::warning("another machine shape, " + machine + ": the result may differ in its last bits");
  return !differ.empty();
}

// Goes on with a run. `recipe`: instead of the one that it was started with; `more`: further --set's.
Ended resume_run(const std::string& out, const std::string& recipe, const std::vector<std::string>& more, bool allow,
                 const std::string& name, const std::string& resume, const model::RuntimeServices& services) {
  auto request = model::Request::read(out);
  if (!recipe.empty()) request.recipe = recipe;
  else if (!files::exists(request.recipe)) request.recipe = out + "/resolved.toml", request.sets.clear();
  request.sets.insert(request.sets.end(), more.begin(), more.end());
  const model::FolderLock lock(out);
  report::remove_unfinished(out);
  std::error_code failed;
  files::current_path(request.from, failed);  // paths in --set are seen from there
  if (!files::exists(out + "/lock.json")) {
    log::info(resume + ": it was stopped before its first step, and starts anew");
    auto model = model::assemble(request.recipe, request.sets, services, {});
    return model ? from_the_start(request, out, *model, name, resume, services) : Ended{1, {}};
  }
  auto model = model::assemble(request.recipe, request.sets, services, model::saved_fields(out), true);
  if (!model) return {1, {}};
  const double start_mib = peak_mib();
  const bool changed = compare_locks(out, *model, allow, services);
  if (!changed && files::exists(out + "/result.json") && files::exists(out + "/weights.safetensors")) {
    log::info(resume + ": the run is complete");
    return {0, Json::parse(model::read_file(out + "/result.json"))};
  }
  if (changed) {
    for (const auto* old : {"/result.json", "/weights.safetensors"}) files::remove(out + old);
    request.write(out);
    begin(out, request, *model, services);
  }
  Checkpoints checkpoints(out);
  auto from = checkpoints.newest([](const std::string& why) { log::warning("passed over: " + why); });
  if (from) log::info(resume + ": goes on after step " + std::to_string(from->state.at("step").get<std::int64_t>()));
  else {
    log::info(resume + ": no checkpoint is there yet: it starts at the first step");
    model::start_weights(model->plan, *model->graph);
  }
  return train_in(out, *model, request.splits, name, resume, checkpoints, from ? &*from : nullptr, start_mib, services);
}

// One run for each seed in OUT/seed-N, and their mean and spread in OUT.
int finish_seeds(const std::string& out, const std::vector<std::uint64_t>& seeds, const std::vector<Json>& results) {
  const auto mean = mean_of_seeds(seeds, results);
  model::write_file(out + "/result.json", mean.dump(2) + "\n");
  draw(out, nullptr);
  std::printf("mean of %zu seeds\n", results.size());
  for (const auto& [split, figures] : mean.at("splits").items()) print_figures(split, figures);
  return 0;
}

std::vector<std::string> with_seed(std::vector<std::string> sets, std::uint64_t seed) {
  sets.push_back("train.seed=" + std::to_string(seed));
  return sets;
}

}  // namespace

int train_command(const command::Train& asked, const model::RuntimeServices& services) {
  const Interrupt interrupt;
  model::Request request{files::absolute(asked.recipe).string(),
                         files::current_path().string(),
                         asked.sets,
                         asked.splits,
                         asked.seeds,
                         services.threads};
  if (request.seeds.size() <= 1) {
    if (!request.seeds.empty()) request.sets = with_seed(request.sets, request.seeds[0]);
    request.seeds.clear();
    return start_run(request, asked.recipe, asked.out, "train", asked.out, services).code;
  }
  std::vector<Json> results;
  model::make_room(asked.out);
  const model::FolderLock lock(asked.out);
  request.write(asked.out);
  for (const auto seed : asked.seeds) {
    auto one = request;
    one.sets = with_seed(request.sets, seed);
    one.seeds.clear();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    auto ended = start_run(one, asked.recipe, asked.out + "/seed-" + std::to_string(seed),
                           "seed " + std::to_string(seed), asked.out, services);
    if (ended.code != 0) return ended.code;
    results.push_back(std::move(ended.result));
  }
  return finish_seeds(asked.out, asked.seeds, results);
}

int resume_command(const command::Train& asked, const model::RuntimeServices& services) {
  const Interrupt interrupt;
  const auto out = files::absolute(asked.resume).lexically_normal().string();
  const auto recipe = asked.recipe.empty() ? "" : files::absolute(asked.recipe).string();
  auto request = model::Request::read(out);
  if (request.seeds.size() <= 1)
    return resume_run(out, recipe, asked.sets, asked.allow_changes, "train", asked.resume, services).code;
  const model::FolderLock lock(out);
  report::remove_unfinished(out);
  std::error_code failed;
  files::current_path(request.from, failed);  // paths in --set are seen from there
  if (!recipe.empty()) request.recipe = recipe;
  request.sets.insert(request.sets.end(), asked.sets.begin(), asked.sets.end());
  if (asked.allow_changes) request.write(out);  // seeds that have not begun yet begin with the changes
  files::remove(out + "/result.json");
  std::vector<Json> results;
  for (const auto seed : request.seeds) {
    const auto folder = out + "/seed-" + std::to_string(seed);
    const auto name = "seed " + std::to_string(seed);
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    auto one = request;
    one.seeds.clear();
    one.sets = with_seed(one.sets, seed);
    auto ended = files::exists(folder + "/request.json")
                     ? resume_run(folder, recipe, asked.sets, asked.allow_changes, name, asked.resume, services)
                     : start_run(one, one.recipe, folder, name, asked.resume, services);
    if (ended.code != 0) return ended.code;
    results.push_back(std::move(ended.result));
  }
  return finish_seeds(out, request.seeds, results);
}

int eval_command(const command::Eval& asked, const model::RuntimeServices& services) {
  auto model = model::load_run(asked.run, asked.sets, services);
  if (!model) return 1;
  complain(*model);
  Json out = Json::object();
  for (const auto& split : splits_of(*model, asked.splits))
    out[split] = to_json(evaluate(*model->graph, *model->source, split, model->mode));
  Json all{{"splits", out}};
  if (model->other_data) all["data_changed"] = model->changed_tables;
  if (asked.json) std::printf("%s\n", all.dump(2).c_str());
  else
    for (const auto& [split, figures] : out.items()) print_figures(split, figures);
  return 0;
}

}  // namespace braid::train
