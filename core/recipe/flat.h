// A recipe's text as a list of keys and values, to compare it with another one.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace braid::recipe {

// "train.batch" -> "1024", "train.optimizer[0].rate" -> "0.008", texts without quotes. `name` is the file in whose
// folder includes are looked for. Nothing when the text is no TOML.
std::optional<std::map<std::string, std::string>> flat_recipe(const std::string& text, const std::string& name);

}  // namespace braid::recipe
