// `braid fill`: a recipe with every default written out.
#include "commands.h"
#include "line_diff.h"
#include "places.h"

namespace braid::tools {

int fill_command(const Call& call) {
  const auto& file = call.arguments[0];
  const auto resolution = resolved(file, call.all("set"));
  if (!resolution) return 1;
  const auto& filled = resolution->checked.plan->resolved;
  print(call.has("diff") ? line_diff(resolution->said, filled, file, file + " (filled)") : filled);
  return 0;
}

}  // namespace braid::tools
