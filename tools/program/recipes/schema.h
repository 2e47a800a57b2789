// The recipe language with the components that are there, as a JSON Schema: editors with a TOML language server
// complete keys by it, show help and underline mistakes.
#pragma once

#include "braid/schema.h"

#include <string>
#include <vector>

namespace braid::tools {

// JSON, draft 07. A recipe that `braid check` accepts is valid by it, also one that includes others or is included
// (such a file need not be complete); what needs more than one key to be known wrong is left to the checker. `plugins`:
// of two with one name the first counts.
std::string recipe_schema(const std::vector<const PluginSchema*>& plugins);

}  // namespace braid::tools
