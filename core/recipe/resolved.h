// Resolved recipes, as run folders keep them, compared key by key.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace braid::recipe {

struct Change {
  std::string key;                     // "train.batch"
  std::optional<std::string> was, is;  // values as TOML text; nullopt: not there
};

// What differs between two texts that Plan::resolved gave, in the order of `was`, then what only `is` has. One line a
// key is what such texts have; texts of another make give whole lines.
std::vector<Change> changes(const std::string& was, const std::string& is);

}  // namespace braid::recipe
