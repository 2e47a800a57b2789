// Pieces of `braid schema`: values, wires, coefficients, and one component's keys, as JSON Schemas.
#pragma once

#include "braid/schema.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace braid::tools::schema {

using Json = nlohmann::ordered_json;

constexpr auto variable = "\\$\\{";  // a text with ${name} may become anything

// A schema that nothing fits, and not `false`: so an editor marks the key, and not the whole table.
Json nothing(const std::string& why);
// What keys are that are not known.
const Json& unknown();
// Keys that may not stand beside others.
Json without(const std::vector<std::string>& keys, const std::string& why);
// One of some words, or a text with a variable. Both under `anyOf`, since only there the words are offered.
Json one_of(const std::vector<std::string>& words, const std::string& help, const Json& more = Json::object());

void range(Json& out, const std::optional<double>& low, const std::optional<double>& high);
// A number of `type`, where texts with a unit may stand if one is declared.
Json amount(const char* type, const std::string& unit);
Json wires(bool several = true);
Json coefficient(const std::optional<double>& low, const std::optional<double>& high);
Json of_value(const Value& value);
std::string with_unit(std::string help, const std::string& unit);

// Parameters, coefficients and ports of one component, as keys of the table that uses it.
Json keys_of(const ComponentSchema& component);
// What several components (by name) say of one key: where they agree, that; where not, who says what.
Json together(const std::vector<std::pair<std::string, Json>>& all);

}  // namespace braid::tools::schema
