// `braid report`: a run folder's report.html again.
#include "commands.h"

#include "cards/store.h"
#include "log/log.h"
#include "recipe/check.h"
#include "report/report.h"

#include <filesystem>

namespace braid::tools {
namespace {

// The plan of a run's recipe, without looking at its data; nothing when the plugins that are here do not fit it.
std::optional<recipe::Plan> plan_of(const std::string& folder, cards::Store& store) {
  auto world = store.world(folder);
  world.files = false;
  auto checked = recipe::check(folder + "/resolved.toml", {}, world);
  if (!checked.plan)
    log::warning("the graph is not drawn: the recipe of this run has errors with the plugins that are here\n  " +
                 checked.problems.front().text());
  return std::move(checked.plan);
}

void write(const std::string& folder, const std::string& recipe_folder, cards::Store& store) {
  const auto plan = plan_of(recipe_folder, store);
  report::write_report(folder, plan ? &*plan : nullptr);
  print(folder + "/report.html\n");
}

}  // namespace

int report_command(const Call& call) {
  cards::Store store(cards::around_this_program());
  try {
    for (const auto& folder : call.arguments) {
      const auto run = report::read_run(folder);
      for (const auto& seed : run.seeds) write(seed.folder, seed.folder, store);
      write(folder, run.seeds.empty() ? folder : run.seeds[0].folder, store);
    }
  } catch (const report::RunError& error) {
    throw Usage(error.what());
  }
  return 0;
}

}  // namespace braid::tools
