#include "train/model.h"

#include "log/log.h"
#include "recipe/report.h"
#include "train/safetensors.h"

#include <ATen/core/grad_mode.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace braid::train {

namespace files = std::filesystem;

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error(file + ": error: cannot be read [file]");
  return {std::istreambuf_iterator<char>(in), {}};
}

void print(const std::vector<recipe::Problem>& problems) {
  for (const auto& p : problems) log::error(p.text());
}

std::unique_ptr<Model> assemble(const std::string& recipe, const std::vector<std::string>& sets, const Workshop& shop,
                                const std::map<std::string, std::string>& saved, bool started,
                                const std::function<void()>& found_right) {
  auto model = std::make_unique<Model>();
  auto world = shop.world(recipe);
  world.started = started;
  auto checked = recipe::check(recipe, sets, world);
  print(checked.warnings);
  if (!checked.plan) {
    print(checked.problems);
    return nullptr;
  }
  if (checked.plan->serving)
    throw Error(recipe +
                ": error: this is the serving side of an exported run; nothing in it can be trained [serving]");
  if (found_right) found_right();
  model->first = std::move(*checked.plan);
  model->source = data::Source::open(model->first, shop.makers, saved);
  auto again = recipe::check(recipe, sets, world, model->source->fitted());
  if (!again.plan) {
    print(again.problems);
    return nullptr;
  }
  model->plan = std::move(*again.plan);
  const auto& source = *model->source;
  model->graph = std::make_unique<graph::Graph>(
      model->plan, [&source](int table, int field) { return source.field(table, field).specials(); }, shop.component);
  load_runs(model->plan, *model->graph);
  return model;
}

namespace {

[[noreturn]] void other_size(const std::string& file, const std::string& name, const at::Tensor& there,
                             const at::Tensor& here) {
  std::ostringstream out;
  out << file << (file.find(": error: ") == std::string::npos ? ": error:" : ":") << " weight '" << name << "' is "
      << there.sizes() << ", the recipe makes it " << here.sizes() << " [weights-file]";
  throw Error(out.str());
}

}  // namespace

void load_runs(const recipe::Plan& plan, graph::Graph& graph) {
  const at::NoGradGuard off;
  std::map<std::string, std::map<std::string, at::Tensor>> open;
  for (auto& w : graph.weights()) {
    const auto& node = plan.nodes[static_cast<std::size_t>(w.node)];
    if (node.weights_file.empty()) continue;
    auto [file, fresh] = open.try_emplace(node.weights_file);
    if (fresh) file->second = load_safetensors(node.weights_file);
    const auto name = node.weights_prefix + w.name.substr(node.name.size());
    const auto found = file->second.find(name);
    if (found == file->second.end())
      throw Error(node.weights_file + ": error: has no weight '" + name + "', which node '" + node.name +
                  "' needs [weights-file]");
    if (found->second.sizes() != w.value.sizes()) other_size(node.weights_file, name, found->second, w.value);
    w.value.copy_(found->second);
  }
}

void start_weights(const recipe::Plan& plan, graph::Graph& graph) {
  const at::NoGradGuard off;
  std::set<std::pair<int, std::string>> met;  // names of the recipe that are weights
  std::map<std::string, std::map<std::string, at::Tensor>> open;
  for (auto& w : graph.weights()) {
    const auto& node = plan.nodes[static_cast<std::size_t>(w.node)];
    const auto& from = node.weights;
    if (from.file.empty() || w.scalar || w.value.numel() == 0) continue;
    auto [file, fresh] = open.try_emplace(from.file);
    if (fresh) file->second = load_safetensors(from.file);
    const auto own = w.name.substr(node.name.size() + 1);
    const auto said = from.names.find(own);
    if (said != from.names.end()) met.insert({w.node, own});
    const auto name = from.prefix + (said == from.names.end() ? own : said->second);
    const auto found = file->second.find(name);
    if (found == file->second.end()) {
      std::vector<std::string> notes, names;
      for (const auto& [there, tensor] : file->second) names.push_back(there);
      recipe::note_choices(notes, name, names);
      std::string text = recipe::text_of(from.place) + ": error: " + from.file + " has no '" + name +
                         "', which node '" + node.name + "' needs as '" + own + "' [weights-file]";
      for (const auto& note : notes) text += "\n  " + note;
      throw Error(text + "\n  say what it is called there: weights.names = { \"" + own + "\" = \"...\" }");
    }
    auto there = found->second;
    if (from.transpose && !w.table && there.dim() == 2) there = there.t();
    auto here = w.value;
    // Others' tables rarely have a row for the unknown value, which is our row 0.
    if (w.table && there.dim() == 2 && there.size(0) + 1 == here.size(0)) {
      here.narrow(0, 0, 1).zero_();
      here = here.narrow(0, 1, there.size(0));
    }
    if (there.sizes() != here.sizes())
      other_size(recipe::text_of(from.place) + ": error: " + from.file, name, there, here);
    here.copy_(there);
  }
  for (std::size_t k = 0; k < plan.nodes.size(); ++k)
    for (const auto& [own, there] : plan.nodes[k].weights.names) {
      if (met.count({static_cast<int>(k), own})) continue;
      std::vector<std::string> notes, names;
      for (const auto& w : graph.weights())
        if (w.node == static_cast<int>(k) && !w.scalar) names.push_back(w.name.substr(plan.nodes[k].name.size() + 1));
      recipe::note_choices(notes, own, names);
      std::string text = recipe::text_of(plan.nodes[k].weights.place) + ": error: node '" + plan.nodes[k].name +
                         "' has no weight '" + own + "' to be read from '" + there + "' [weights-file]";
      for (const auto& note : notes) text += "\n  " + note;
      throw Error(text);
    }
}

std::int64_t load_weights(graph::Graph& graph, const std::string& file,
                          const std::function<bool(const graph::NamedWeight&)>& wanted) {
  std::map<std::string, std::string> metadata;
  const auto weights = load_safetensors(file, &metadata);
  const at::NoGradGuard off;
  std::set<std::string> unused;
  for (const auto& [name, tensor] : weights) unused.insert(name);
  for (auto& w : graph.weights()) {
    const auto found = weights.find(w.name);
    if (found == weights.end() && wanted && !wanted(w)) continue;
    if (found == weights.end()) throw Error(file + ": error: has no weight '" + w.name + "' [weights-file]");
    if (found->second.sizes() != w.value.sizes()) other_size(file, w.name, found->second, w.value);
    w.value.copy_(found->second);
    unused.erase(w.name);
  }
  if (!unused.empty())
    throw Error(file + ": error: weight '" + *unused.begin() + "' belongs to no node of the recipe [weights-file]");
  return std::strtoll(metadata["step"].c_str(), nullptr, 10);
}

std::map<std::string, std::string> saved_fields(const std::string& run) {
  std::map<std::string, std::string> out;
  std::error_code failed;
  for (const auto& entry : files::directory_iterator(run + "/fields", failed))
    out[entry.path().filename().string()] = read_file(entry.path().string());
  if (failed) throw Error(run + "/fields: error: cannot be read: " + failed.message() + " [run-folder]");
  return out;
}

std::unique_ptr<Model> load_run(const std::string& run, const std::vector<std::string>& sets, const Workshop& shop) {
  if (!files::exists(run + "/resolved.toml"))
    throw Error(run + ": error: is no run folder: it has no resolved.toml [run-folder]");
  if (!files::exists(run + "/weights.safetensors") && files::exists(run + "/request.json"))
    throw Error(run + ": error: the run has not ended yet [run-folder]\n  go on with `braid train --resume " + run +
                "`");
  auto model = assemble(run + "/resolved.toml", sets, shop, saved_fields(run), true);
  if (model) model->mode.step = load_weights(*model->graph, run + "/weights.safetensors");
  return model;
}

}  // namespace braid::train
