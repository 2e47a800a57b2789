// A recipe's text as a list of keys and values, to compare it with another one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::recipe {

// "train.batch" -> "1024", "train.optimizer[0].rate" -> "0.008", texts without quotes. `name` is the file in whose
// folder includes are looked for. Nothing when the text is no TOML.
std::optional<std::map<std::string, std::string>> flat_recipe(const std::string& text, const std::string& name);

// One key in which two recipes differ.
struct Change {
  std::string key;                     // "train.batch"
  std::optional<std::string> was, is;  // nullopt: not there
};

// What differs between two recipes as run folders keep them: keys of `was` in order, then those that only `is` has. A
// text that is no TOML differs as a whole, under the key "".
std::vector<Change> changes(const std::string& was, const std::string& is);

}  // namespace braid::recipe
