// Opens plugins and makes their components. The only place that calls into a plugin's file by symbol.
#pragma once

#include "cards/gate.h"
#include "recipe/plan/plan.h"
#include "sdk/state.h"

#include <functional>
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
  explicit Fault(Diagnostic what) : std::runtime_error(what.text()), what_(std::make_shared<const Diagnostic>(what)) {}
  const Diagnostic& diagnostic() const { return *what_; }

 private:
  std::shared_ptr<const Diagnostic> what_;  // shared, so that copying an exception cannot fail
};

// An opened plugin: what its entry registered.
struct Plugin {
  std::string file, name, version;
  cards::FileFacts facts;  // of the bytes that were looked at before it was opened
  struct Entry {
    std::string name;
    Registrar::Facts facts;
    Registrar::Make make = nullptr;
  };
  std::vector<Entry> components;  // in the order of registration
};

// Who vouches for a file: by the digest of a card, which is made by a process that loaded it and lived.
using Vouch = std::function<cards::Voucher(const std::string& file)>;
// Nobody: for the process that makes cards, and for tests of plugins that have none.
inline const Vouch any_file;

// Plugins stay open until the process ends: their code may be on any stack, their types in any exception. A second Host
// shares what the first one opened. Safe from many threads.
class Host {
 public:
  explicit Host(Vouch vouch) : vouch_(std::move(vouch)) {}

  // Looks at the file's bytes (cards/gate.h), asks for its card's digest, and then opens the file with immediate, local
  // binding and calls its entry. Throws Error, with the file's name, both values and the fix: not whole, no stamp,
  // built against another braid, called otherwise than its plugin, another digest than its card's, a symbol that nobody
  // has, an entry that throws, a name that another file has. Before the binding nothing of the file runs.
  const Plugin& open(const std::string& file);

  // Constructs a component with the recipe's values. `wires`: how many wires each repeated input has. Throws Error for
  // what a user can mend (prefixed with component and plugin), Fault for everything else a constructor throws.
  std::unique_ptr<Component> make(const recipe::Use& use, const WireCounts& wires = {});
  std::unique_ptr<Component> make(const Plugin& plugin, const std::string& component, const Values& values,
                                  const WireCounts& wires, bool describe = false);

  // Every component constructed once, without a recipe, to read what it declares.
  PluginSchema describe(const std::string& file);

 private:
  Vouch vouch_;
};

}  // namespace braid::host
