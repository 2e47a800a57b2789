#include "model/assembly.h"

#include "log/log.h"
#include "model/run_folder.h"
#include "model/weight_files.h"
#include "recipe/document/diagnostics.h"

#include <ATen/core/grad_mode.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace braid::model {

namespace files = std::filesystem;

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error("file", file, "cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

void print(const std::vector<recipe::Problem>& problems) {
  for (const auto& p : problems) log::error(p.diagnostic());
}

std::unique_ptr<Assembly> assemble(const std::string& recipe, const std::vector<std::string>& sets,
                                   const RuntimeServices& services, const std::map<std::string, std::string>& saved,
                                   bool started, const std::function<void()>& found_right) {
  auto model = std::make_unique<Assembly>();
  auto world = services.world(recipe);
  world.started = started;
  auto checked = recipe::check(recipe, sets, world);
  print(checked.warnings);
  if (!checked.plan) {
    print(checked.problems);
    return nullptr;
  }
  if (checked.plan->serving)
    throw Error("serving", recipe, "this is the serving side of an exported run; nothing in it can be trained");
  if (found_right) found_right();
  model->source = data::Source::open(*checked.plan, services.makers, saved);
  auto sized = recipe::with_sizes(checked, model->source->fitted());
  if (!sized.plan) {
    print(sized.problems);
    return nullptr;
  }
  model->plan = std::move(*sized.plan);
  const auto& source = *model->source;
  model->graph = std::make_unique<graph::Model>(
      model->plan,
      [&source](recipe::TableId table, recipe::FieldId field) -> const Field& { return source.field(table, field); },
      services.component);
  load_runs(model->plan, *model->graph);
  return model;
}

std::map<std::string, std::string> saved_fields(const std::string& run) {
  std::map<std::string, std::string> out;
  std::error_code failed;
  for (const auto& entry : files::directory_iterator(run + "/fields", failed))
    out[entry.path().filename().string()] = read_file(entry.path().string());
  if (failed) throw Error("run-folder", run + "/fields", "cannot be read: " + failed.message());
  return out;
}

std::unique_ptr<Assembly> load_run(const std::string& run, const std::vector<std::string>& sets,
                                   const RuntimeServices& services) {
  if (!files::exists(run + "/resolved.toml"))
    throw Error("run-folder", run, "is no run folder: it has no resolved.toml");
  if (!files::exists(run + "/weights.safetensors") && files::exists(run + "/request.json"))
    throw Error("run-folder", run, "the run has not ended yet", {"go on with `braid train --resume " + run + "`"});
  auto model = assemble(run + "/resolved.toml", sets, services, saved_fields(run), true);
  if (!model) return model;
  model->mode.step = load_weights(*model->graph, run + "/weights.safetensors");
  if (auto changed = changed_data(run, *model)) {
    model->other_data = true;
    model->changed_tables = std::move(*changed);
    std::string names;
    for (const auto& table : model->changed_tables) names += (names.empty() ? "" : ", ") + table;
    log::warning(run + ": the data are not those that the run was trained on" +
                 (names.empty() ? "" : ": other cells in " + names) +
                 "; rows that are evaluated now may have been learnt from [data-changed]");
  }
  return model;
}

}  // namespace braid::model
