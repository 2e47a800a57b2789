// What a card says, as text for people: parameters, ports, rules, weights. Used by `describe` and the generated docs.
#pragma once

#include "braid/schema.h"

#include <string>

namespace braid::tools {

// A value as a recipe writes it: 64, "gelu", [1, 2], true; "none" without one.
std::string value_text(const Value& value);
// "1 to 512", "at least 1", "\"a\" or \"b\"", with the unit; empty when anything goes.
std::string range_text(const ParamSchema& param);
std::string range_text(const std::optional<double>& low, const std::optional<double>& high);
// "one wire", "any number of wires, at least one", "one wire or none".
std::string wires_text(const PortSchema& port);
// A summary may go on after its first sentence; a list has room for that one.
std::string first_sentence(const std::string& text);
// A node (or field, metric) of a recipe that uses the component, with what it has to say.
std::string example(const ComponentSchema& component, const std::string& plugin);

// Several lines for a terminal; `bold_shown`: headings are bold.
std::string describe(const ComponentSchema& component, const PluginSchema& plugin, const std::string& file,
                     bool bold_shown);

}  // namespace braid::tools
