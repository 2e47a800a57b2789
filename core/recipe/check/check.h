// From a recipe's text and the plugins' cards to a plan, or to all that is wrong with it.
#pragma once

#include "recipe/document/diagnostics.h"
#include "recipe/plan/plan.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace braid::recipe {

// What a recipe says of how a text table is written; empty: what the file's name means to the reader.
struct TextForm {
  std::string separator, quote, encoding;
  bool named = false;  // the recipe names the columns: the first line need not
};

// What the checker needs to know of the world; given by the caller, so that recipes stay free of libraries.
struct World {
  // All cards on the search path (the program reads them; tests make them up).
  std::vector<std::pair<std::string, PluginSchema>> plugins;  // file, schema
  // Plugins that were found and cannot be used: name and why, for the message when a recipe asks for one.
  std::vector<std::pair<std::string, std::string>> refused;
  // Plugins of the source tree that this program was built from and that are not built: name and the command for it.
  std::vector<std::pair<std::string, std::string>> not_built;
  // The names in a text file's first line, or why they cannot be had, in a sentence that names the file. With columns
  // that the recipe names: nothing, or why the file is no text of that form.
  std::function<std::variant<std::vector<std::string>, std::string>(const std::string& path, const TextForm& form)>
      header;
  std::function<bool(const std::string& path)> exists;
  bool files = true;     // false: neither files nor columns are looked at
  bool started = false;  // true: a run's own folder has the weights; files that nodes start from may be gone
};

struct Checker;
struct Checked {
  std::optional<Plan> plan;       // only without problems
  std::vector<Problem> problems;  // sorted by place
  std::vector<Problem> warnings;
  std::shared_ptr<Checker> drafts;  // what with_sizes() goes on from
};

// `sets`: "a.b.c=value" in TOML's value syntax (a bare word counts as text). `fitted`: sizes that data told; with them
// a size conflict that only they can show is found.
Checked check(const std::string& recipe_file, const std::vector<std::string>& sets, World world,
              const Fitted& fitted = {});
// The same for a text that stands in no file; `name` is used in messages and for relative paths.
Checked check_text(const std::string& text, const std::string& name, const std::vector<std::string>& sets, World world,
                   const Fitted& fitted = {});

// The plan of a check, with sizes that data told since. Nothing is read or ordered again: tables, axes, nodes and wires
// keep their numbers, and only types and sizes are others. A size conflict that only these can show is a problem.
// `first` has a plan.
Checked with_sizes(const Checked& first, const Fitted& fitted);

}  // namespace braid::recipe
