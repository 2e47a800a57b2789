// `braid check`: everything that is wrong with recipes.
#include "commands.h"
#include "cost.h"
#include "log/log.h"
#include "print.h"

#include "cards/store.h"
#include "recipe/check/check.h"
#include "recipe/document/words.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>

namespace braid::tools {
namespace {

using Json = nlohmann::ordered_json;

Json of_problem(const recipe::Problem& p) {
  return Json{{"severity", p.warning ? "warning" : "error"},
              {"file", p.place.file},
              {"line", p.place.line},
              {"column", p.place.column},
              {"tag", p.tag},
              {"what", p.what},
              {"notes", p.notes.lines},
              {"suggestion", p.notes.suggestion.empty() ? Json(nullptr) : Json(p.notes.suggestion)}};
}

Json of_cost(const Cost& c) {
  return Json{{"batch", c.batch},
              {"measured_at", {c.small, c.larger}},
              {"parameters", c.parameters},
              {"weights_mib", c.weights_mib},
              {"optimizer_mib", c.optimizer_mib},
              {"loaded_mib", c.loaded_mib},
              {"activations_mib", c.activations_mib},
              {"peak_mib", c.peak_mib},
              {"memory_mib", c.memory_mib},
              {"fits", c.fits()},
              {"step_seconds", c.step_seconds}};
}

struct Check : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "check", "Checks recipes and tells everything that is wrong with them.",
      "Needs neither LibTorch nor the data itself: it reads the plugins' cards and the first line of the recipe's text "
      "files."};

  std::vector<std::string> recipes = arguments("RECIPE");
  std::vector<std::string> sets = set_option();
  bool cost = flag("cost",
                   "train twenty steps at each of two small batches, twice, and say what the recipe's batch will take: "
                   "parameters, optimizer, memory, time of a step, and whether it fits");
  bool no_files =
      flag("no-files", "do not look at the recipe's data files: neither whether they exist nor their columns");
  bool json = json_option();
};

std::string good(const std::string& file, const recipe::Plan& plan) {
  std::size_t losses = 0;
  for (const auto& n : plan.nodes) losses += n.trains;
  return file + ": ok, " + recipe::counted(plan.tables.size(), "table") + ", " +
         recipe::counted(plan.nodes.size(), "node") + ", " + std::to_string(losses) +
         (losses == 1 ? " loss" : " losses") + ", " + recipe::counted(plan.metrics.size(), "metric") + "\n";
}

int check(const Check& asked) {
  cards::Store store(cards::around_this_program());
  bool failed = false;
  auto all = Json::array();
  for (const auto& file : asked.recipes) {
    auto world = store.world(std::filesystem::path(file).parent_path().string());
    world.files = !asked.no_files;
    const auto checked = recipe::check(file, asked.sets, world);
    failed = failed || !checked.plan;
    std::optional<Cost> cost;
    if (asked.cost && checked.plan) try {
        cost = measure_cost(store.around(), *checked.plan, file, asked.sets);
      } catch (const std::runtime_error& e) {
        log::error(Diagnostic{"cost", file, std::string("the cost cannot be measured: ") + e.what()});
        failed = true;
      }
    if (asked.json) {
      auto problems = Json::array();
      for (const auto& p : checked.problems) problems.push_back(of_problem(p));
      for (const auto& p : checked.warnings) problems.push_back(of_problem(p));
      all.push_back({{"recipe", file}, {"ok", checked.plan.has_value()}, {"problems", problems}});
      if (cost) all.back()["cost"] = of_cost(*cost);
      continue;
    }
    for (const auto* told : {&checked.warnings, &checked.problems})
      for (const auto& p : *told) log::error(p.diagnostic());
    if (checked.plan) print(good(file, *checked.plan));
    else std::cerr << file << ": " << recipe::counted(checked.problems.size(), "error") << '\n';
    if (cost) print(text_of(file, *cost));
  }
  if (asked.json) print(all.dump(2) + "\n");
  return failed ? 1 : 0;
}

}  // namespace

Command check_command() { return command_of<Check, check>(); }

}  // namespace braid::tools
