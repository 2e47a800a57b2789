// Where a recipe's values come from, as text and JSON; shared by `explain` and `diff`.
#pragma once

#include "recipe/check/explain.h"

#include <nlohmann/json.hpp>

#include <string>

namespace braid::tools {

// "recipes/a.toml:14:8", "--set train.epochs=3", or "default of text_transformer", "default" for the language's own.
std::string place_text(const recipe::Explained& value);
// {"from": "recipe", "file", "line", "column"}; a default has no place.
nlohmann::ordered_json place_json(const recipe::Explained& value);
nlohmann::ordered_json place_json(const recipe::Place& place);
// A value of a recipe as JSON; a date, which no recipe keeps, is null.
nlohmann::ordered_json value_json(const recipe::Item& item);

// The recipe `file` checked and explained with its data files unseen. Its mistakes are told on stderr; nothing then.
std::optional<recipe::Resolution> resolved(const std::string& file, const std::vector<std::string>& sets);

}  // namespace braid::tools
