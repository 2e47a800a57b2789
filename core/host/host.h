// Opens plugins and makes their components. The only place that calls into a plugin's file by symbol.
#pragma once

#include "recipe/plan.h"
#include "sdk/state.h"

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace braid::host {

// A plugin or Braid itself did what it should not: not the user's mistake. Becomes exit code 2.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An opened plugin: what its entry registered.
struct Plugin {
  std::string file, name, version;
  struct Entry {
    std::string name;
    Registrar::Facts facts;
    Registrar::Make make = nullptr;
  };
  std::vector<Entry> components;  // in the order of registration
};

// Plugins stay open until the process ends: their code may be on any stack, their types in any exception. A second Host
// shares what the first one opened. Safe from many threads.
class Host {
 public:
  // Reads the stamp from the file's bytes, compares it with this braid's, opens the file with immediate, local binding
  // and calls its entry. Throws Error, with the file's name and the fix: no stamp, built against another braid, a
  // symbol that nobody has, an entry that throws, a name that another file has.
  const Plugin& open(const std::string& file);

  // Constructs a component with the recipe's values. `wires`: how many wires each repeated input has. Throws Error for
  // what a user can mend (prefixed with component and plugin), Fault for everything else a constructor throws.
  std::unique_ptr<Component> make(const recipe::Use& use, const WireCounts& wires = {});
  std::unique_ptr<Component> make(const Plugin& plugin, const std::string& component, const Values& values,
                                  const WireCounts& wires, bool describe = false);

  // Every component constructed once, without a recipe, to read what it declares.
  PluginSchema describe(const std::string& file);
};

}  // namespace braid::host
