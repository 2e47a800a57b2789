#include "sweep_asked.h"

#include "cards/file.h"
#include "cards/store.h"
#include "log/log.h"
#include "recipe/document/words.h"
#include "recipe/plan/needed.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace braid::tools {

namespace files = std::filesystem;
using report::Json;

Json read_sweep_json(const std::string& file) {
  auto json = Json::parse(report::file_text(file), nullptr, false);
  if (!json.is_object()) throw Failure("run-folder", file, "is damaged: it holds no JSON object");
  return json;
}

Json AskedSweep::json() const {
  std::vector<std::string> keys;
  for (const auto& axis : axes) keys.push_back(axis.key);
  return {{"recipe", recipe}, {"from", from}, {"sets", sets},       {"over", keys},      {"points", points},
          {"seeds", seeds},   {"by", by},     {"threads", threads}, {"plugins", plugins}};
}

AskedSweep AskedSweep::read(const std::string& folder) {
  const auto file = folder + "/sweep.json";
  if (!files::exists(file))
    throw Failure("run-folder", folder, "is no sweep that could go on: it has no sweep.json",
                  {"start with `braid sweep RECIPE --out " + folder + "`"});
  const auto json = read_sweep_json(file);
  try {
    AskedSweep out;
    out.recipe = json.at("recipe");
    out.from = json.at("from");
    out.sets = json.at("sets").get<std::vector<std::string>>();
    for (const auto& key : json.at("over")) out.axes.push_back({key.get<std::string>(), {}});
    out.points = json.at("points").get<std::vector<SweepPoint>>();
    out.seeds = json.at("seeds").get<std::vector<std::uint64_t>>();
    out.by = json.at("by");
    out.threads = json.at("threads");
    out.plugins = json.at("plugins").get<std::map<std::string, std::string>>();
    return out;
  } catch (const Json::exception&) {
    throw Failure("run-folder", file, "cannot be read");
  }
}

namespace {

// The metric that decides, or that the user named, is a metric of the recipe and has rows.
void check_metric(const recipe::Plan& plan, const std::string& by) {
  const auto& table = plan.driving();
  if (!table.split.has_valid())
    throw Failure("no-validation", plan.recipe, "validation decides, and '" + table.name + "' has no validation rows",
                  {"give its split a 'valid' share"});
  std::vector<std::string> metrics, slices;
  for (const auto& m : plan.metrics) metrics.push_back(m.name);
  for (const auto& s : plan.slices) slices.push_back(s.name);
  const auto missing = [&](const std::string& name, const std::vector<std::string>& known, const char* what) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const auto near = recipe::nearest(name, known);
    refuse_sweep("--by " + by + ": the recipe has no " + what + " '" + name + "'",
                 near            ? "did you mean '" + *near + "'?"
                 : known.empty() ? "it has none"
                                 : "there are " + recipe::listed(known));
  };
  const auto slash = by.find('/');
  if (slash != std::string::npos) missing(by.substr(0, slash), slices, "slice");
  missing(by.substr(slash == std::string::npos ? 0 : slash + 1), metrics, "metric");
}

// The plugins of a plan, each looked at once.
void add_plugins(const recipe::Plan& plan, std::map<std::string, std::string>& digests) {
  recipe::each_use(plan, [&](const recipe::Use& use) {
    if (!use.plugin_file.empty() && !digests.count(use.plugin))
      digests[use.plugin] = cards::facts(use.plugin_file).digest;
  });
}

}  // namespace

std::optional<SweepPlans> check_points(AskedSweep& asked, cards::Store& store) {
  const auto world = store.world(files::path(asked.recipe).parent_path().string());
  std::set<std::string> told;
  std::size_t mistakes = 0, wrong = 0;
  SweepPlans out;
  for (std::size_t p = 0; p < asked.points.size(); ++p) {
    const auto checked = recipe::check(asked.recipe, asked.sets_of(p), world);
    for (const auto* all : {&checked.warnings, &checked.problems})
      for (const auto& problem : *all)
        if (told.insert(problem.text()).second) log::error(problem.diagnostic()), mistakes += !problem.warning;
    wrong += !checked.plan;
    if (!checked.plan || wrong > 0) continue;
    const auto& plan = *checked.plan;
    if (p == 0) {
      out.first_resolved = plan.resolved;
      out.seed = plan.train.seed;
      if (asked.by.empty() && !plan.metrics.empty())
        asked.by = plan.train.keep_best.empty() ? plan.metrics[0].name : plan.train.keep_best;
    }
    check_metric(plan, asked.by);
    add_plugins(plan, out.plugins);
    auto& others = out.others.emplace_back(plan.eval.splits);
    std::erase(others, "valid");
  }
  if (wrong == 0) return out;
  if (!log::keeps_errors())  // JSON has the errors alone
    log::error("braid sweep: " + recipe::counted(mistakes, "error") + " in " + std::to_string(wrong) + " of " +
               recipe::counted(asked.points.size(), "point") + "; nothing was trained");
  return std::nullopt;
}

}  // namespace braid::tools
