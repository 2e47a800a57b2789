// All components on the search path, sorted by kind and name; used by `list`, `describe` and the generated docs.
#pragma once

#include "cards/store.h"

#include <string>
#include <vector>

namespace braid::tools {

struct Entry {
  const ComponentSchema* component;
  const PluginSchema* plugin;
  const std::string* file;
};

// Points into `found`.
std::vector<Entry> catalogue(const std::vector<cards::Found>& found);
// The folder that a recipe given now would be in: plugins there count.
std::string here();

}  // namespace braid::tools
