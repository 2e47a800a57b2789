// `braid compare`: runs side by side.
#include "commands.h"

#include "comparison.h"

namespace braid::tools {

int compare_command(const Call& call) {
  try {
    const auto comparison = compare_runs(call.arguments);
    print(call.has("json") ? comparison_json(comparison).dump(2) + "\n" : comparison_text(comparison));
  } catch (const report::RunError& error) {
    throw Usage(error.what());
  }
  return 0;
}

}  // namespace braid::tools
