// `braid fill`: a recipe with every default written out.
#include "commands.h"
#include "line_diff.h"
#include "places.h"
#include "print.h"

namespace braid::tools {
namespace {

struct Fill : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "fill", "Writes a recipe with every default written out.",
      "Includes, --set and variables are applied, paths are absolute; comments are left out. Running it gives the same "
      "bits, and filling it changes nothing."};

  std::string recipe = argument("RECIPE");
  std::vector<std::string> sets = set_option();
  bool diff = flag("diff", "show what is added to what the recipe says, as diff -u does");
};

int fill(const Fill& asked) {
  const auto& file = asked.recipe;
  const auto resolution = resolved(file, asked.sets);
  if (!resolution) return 1;
  const auto& filled = resolution->checked.plan->resolved;
  print(asked.diff ? line_diff(resolution->said, filled, file, file + " (filled)") : filled);
  return 0;
}

}  // namespace

Command fill_command() { return command_of<Fill, fill>(); }

}  // namespace braid::tools
