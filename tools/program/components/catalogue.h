// All components on the search path, sorted by kind and name; used by `list`, `find`, `describe` and the generated
// docs.
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
// As `use` says it: "din", "ranking_losses/bpr".
std::string name_in_recipes(const Entry& e);
// Plugins that cannot be used, each with its file and the reason, under a heading; empty without any.
std::string refused_text(const std::vector<const cards::Found*>& refused);
// The folder that a recipe given now would be in: plugins there count.
std::string here();

}  // namespace braid::tools
