// `braid check`: everything that is wrong with recipes.
#include "commands.h"

#include "cards/store.h"
#include "recipe/check.h"
#include "recipe/words.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>

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
              {"notes", p.notes}};
}

std::string good(const std::string& file, const recipe::Plan& plan) {
  std::size_t losses = 0;
  for (const auto& n : plan.nodes) losses += n.trains;
  return file + ": ok, " + recipe::counted(plan.tables.size(), "table") + ", " +
         recipe::counted(plan.nodes.size(), "node") + ", " + std::to_string(losses) +
         (losses == 1 ? " loss" : " losses") + ", " + recipe::counted(plan.metrics.size(), "metric") + "\n";
}

}  // namespace

int check_command(const Call& call) {
  cards::Store store(cards::around_this_program());
  bool failed = false;
  auto all = Json::array();
  for (const auto& file : call.arguments) {
    auto world = store.world(std::filesystem::path(file).parent_path().string());
    world.files = !call.has("no-files");
    const auto checked = recipe::check(file, call.all("set"), world);
    failed = failed || !checked.plan;
    if (call.has("json")) {
      auto problems = Json::array();
      for (const auto& p : checked.problems) problems.push_back(of_problem(p));
      for (const auto& p : checked.warnings) problems.push_back(of_problem(p));
      all.push_back({{"recipe", file}, {"ok", checked.plan.has_value()}, {"problems", problems}});
      continue;
    }
    for (const auto& p : checked.warnings) std::cerr << p.text() << '\n';
    for (const auto& p : checked.problems) std::cerr << p.text() << '\n';
    if (checked.plan) print(good(file, *checked.plan));
    else std::cerr << file << ": " << recipe::counted(checked.problems.size(), "error") << '\n';
  }
  if (call.has("json")) print(all.dump(2) + "\n");
  return failed ? 1 : 0;
}

}  // namespace braid::tools
