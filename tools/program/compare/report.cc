// `braid report`: a run folder's report.html again.
#include "commands.h"
#include "print.h"

#include "cards/store.h"
#include "log/log.h"
#include "recipe/check/check.h"
#include "report/report.h"

#include <braid/diagnostic.h>

#include <filesystem>

namespace braid::tools {
namespace {

struct Report : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "report", "Writes the report.html of runs again.",
      "One page of curves, figures, the graph, gradients, where the time went, recipe and lock; it needs no network. "
      "Works for runs that are not finished."};

  std::vector<std::string> runs = arguments("RUN");
};

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

int report(const Report& asked) {
  cards::Store store(cards::around_this_program());
  for (const auto& folder : asked.runs) {
    const auto run = report::read_run(folder);
    for (const auto& seed : run.seeds) write(seed.folder, seed.folder, store);
    write(folder, run.seeds.empty() ? folder : run.seeds[0].folder, store);
  }
  return 0;
}

}  // namespace

Command report_command() { return command_of<Report, report>(); }

}  // namespace braid::tools
