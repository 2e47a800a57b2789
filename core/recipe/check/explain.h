// Every value of a recipe with where it comes from and what it means; the recipe with and without its defaults.
#pragma once

#include "recipe/check/check.h"
#include "recipe/document/item.h"
#include "recipe/keywords/language.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace braid::recipe {

// What stood in a value's place before an including file or a --set said something else.
struct Before {
  std::string value;  // TOML, as written
  Place place;
};

// One value of a resolved recipe. Its key is that of flat_recipe(): "nodes.words.dim", "train.optimizer[0].rate".
struct Explained {
  std::string key;
  std::shared_ptr<const Item> item;
  enum class From { recipe, include, set, fallback } from = From::recipe;
  Place place;                                      // fallback: of the table that does not say it
  std::vector<Place> parts;                         // other places that wrote elements of a list
  std::vector<std::pair<std::string, Place>> vars;  // the ${...} in it
  std::vector<Before> before;                       // the nearest first

  // What it means: a word of the language, or something that a component declares; at most one of these.
  const Word* word = nullptr;
  std::optional<ParamSchema> param;
  std::optional<ScalarSchema> scalar;
  std::optional<PortSchema> port;
  std::string component, plugin;  // with param, scalar and port: whose it is
  std::string value() const;      // TOML, in one line
};

struct Resolution {
  Checked checked;
  std::vector<Explained> values;  // in the order of the resolved recipe, [vars] after it; empty when there are problems
  std::string said;               // checked.plan->resolved without the defaults
};

// `recipe_file` and `sets` as check() takes them. Pointers in the result live as long as the program.
Resolution resolve(const std::string& recipe_file, const std::vector<std::string>& sets, const World& world);

// The values of a file that is resolved already (of a run, or of an export): keys, values and places alone, no meaning.
// Nothing when it is no TOML.
std::optional<std::vector<Explained>> values_of(const std::string& file);

// Those that `what` means: a key, a path above keys ("nodes.words"), or a glob over keys. Elements of lists of tables
// may be written as --set has them, "train.optimizer.0.rate".
std::vector<const Explained*> chosen(const std::vector<Explained>& values, const std::string& what);
// The key or path above keys that is nearest to `what`.
std::optional<std::string> nearest_key(const std::vector<Explained>& values, const std::string& what);

}  // namespace braid::recipe
