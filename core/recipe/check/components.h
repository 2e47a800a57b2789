// Components by name, among the cards that were found.
#pragma once

#include "recipe/check/check.h"
#include "recipe/document/document.h"
#include "recipe/keywords/keys.h"

namespace braid::recipe {

// What a `use = "..."` names.
struct Found {
  const ComponentSchema* schema = nullptr;
  const PluginSchema* plugin = nullptr;
  const std::string* file = nullptr;
  explicit operator bool() const { return schema != nullptr; }
};

class Cards {
 public:
  explicit Cards(const World& world) : world_(world) {}
  // `name` is "component" (of the plugin of that name) or "plugin/component"; it has to be of one of `kinds`.
  Found find(const Item& name, const std::vector<Kind>& kinds, Report& report) const;
  // The reader that takes files which end like `file`; nothing found is not reported.
  Found reader_for(const std::string& file) const;
  std::vector<std::string> suffixes() const;
  // The component of this kind that is used where a recipe names none. Reports, at `place`, that there is none or that
  // there are several.
  Found by_default(Kind kind, const Place& place, Report& report) const;
  // Components of these kinds with a parameter of that name, as a recipe names them.
  std::vector<std::string> with_param(const std::vector<Kind>& kinds, const std::string& param) const;
  // As a recipe names it.
  static std::string name_in_recipes(const Found& found);
  // Components of these kinds as a recipe names them.
  std::vector<std::string> names(const std::vector<Kind>& kinds) const;
  // Fusions that take a mask (`rows`: of absent rows, else of unused places) and have an output without.
  std::vector<std::string> mask_removers(bool rows) const;

 private:
  const World& world_;
};

}  // namespace braid::recipe
