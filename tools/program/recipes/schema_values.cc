#include "schema_values.h"

#include "recipe/keywords/language.h"
#include "recipe/document/units.h"

#include <algorithm>
#include <map>
#include <type_traits>

namespace braid::tools::schema {

using recipe::Word;
using Is = Word::Is;

Json nothing(const std::string& why) { return {{"not", {{"title", why}}}}; }

const Json& unknown() {
  static const Json out = nothing("a key that is not known here");
  return out;
}

Json without(const std::vector<std::string>& keys, const std::string& why) {
  Json none = Json::object();
  for (const auto& key : keys) none[key] = nothing(why);
  return {{"properties", none}};
}

Json one_of(const std::vector<std::string>& words, const std::string& help, const Json& more) {
  Json words_alone{{"type", "string"}, {"enum", words}};
  if (!help.empty()) words_alone["description"] = help;
  words_alone.update(more);
  return {{"anyOf", {words_alone, {{"type", "string"}, {"pattern", variable}, {"x-taplo", {{"hidden", true}}}}}}};
}

// ---- wires and coefficients ----

static Json wire_object() {
  Json properties;
  for (const char* name : {"wire", "first_wire"})
    for (const auto& word : recipe::section(name).words)
      properties[word.name] = {{"description", word.help},
                               {"type", word.is == Is::boolean ? "boolean"
                                        : word.is == Is::wires ? "array"
                                                               : "string"}};
  return properties;
}

Json wires(bool several) {
  static const Json properties = wire_object();
  const Json one{{"type", {"string", "object"}}, {"properties", properties}, {"additionalProperties", unknown()}};
  Json out{{"type", {"string", "object", "array"}},
           {"properties", properties},
           {"additionalProperties", unknown()},
           {"items", one}};
  if (!several) out["maxItems"] = 1;
  return out;
}

void range(Json& out, const std::optional<double>& low, const std::optional<double>& high) {
  const auto number = [](double x) {
    return x == static_cast<double>(static_cast<std::int64_t>(x)) ? Json(static_cast<std::int64_t>(x)) : Json(x);
  };
  if (low) out["minimum"] = number(*low);
  if (high) out["maximum"] = number(*high);
}

Json amount(const char* type, const std::string& unit) {
  if (unit.empty()) return {{"type", type}};
  return {{"type", {type, "string"}}, {"pattern", "(" + recipe::amount_pattern(unit) + ")|" + variable}};
}

Json coefficient(const std::optional<double>& low, const std::optional<double>& high) {
  Json out{{"type", {"number", "object"}}};
  range(out, low, high);
  Json learnt = Json::object(), scheduled = Json::object();
  for (auto* kind : {&learnt, &scheduled})
    for (const auto& word : recipe::section(kind == &learnt ? "learnt" : "scheduled").words) {
      auto value = word.is == Is::boolean ? Json{{"type", "boolean"}}
                                          : amount(word.is == Is::whole ? "integer" : "number", word.unit);
      if (word.is == Is::whole) range(value, word.low, word.high);
      if (word.name == "start" || word.name == "from" || word.name == "to") range(value, low, high);
      value["description"] = word.help;
      out["properties"][word.name] = (*kind)[word.name] = value;
    }
  out["additionalProperties"] = unknown();
  std::vector<std::string> of_learnt, of_scheduled;
  for (const auto& [name, value] : learnt.items()) of_learnt.push_back(name);
  for (const auto& [name, value] : scheduled.items()) of_scheduled.push_back(name);
  out["if"] = {{"type", "object"}, {"required", {"learn"}}};
  out["then"] = without(of_scheduled, "a key of { from, to, steps }");
  out["else"] = without(of_learnt, "a key of { learn }");
  return out;
}

// ---- components ----

Json of_value(const Value& value) {
  return std::visit(
      [](const auto& v) -> Json {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) return nullptr;
        else if constexpr (std::is_same_v<T, Path>) return v.text;
        else return v;
      },
      value);
}

std::string with_unit(std::string help, const std::string& unit) {
  if (unit.empty()) return help;
  return help + (help.empty() ? "" : " ") + "Unit: " + unit + ".";
}

static Json of_param(const ParamSchema& p) {
  const auto help = with_unit(p.help, p.unit);
  Json out, item;
  switch (p.type) {
    case ParamType::boolean:
      out = {{"type", "boolean"}};
      break;
    case ParamType::whole:
    case ParamType::number:
      out = amount(p.type == ParamType::whole ? "integer" : "number", p.unit);
      range(out, p.low, p.high);
      break;
    case ParamType::wholes:
    case ParamType::numbers:
      item = amount(p.type == ParamType::wholes ? "integer" : "number", p.unit);
      range(item, p.low, p.high);
      out = {{"type", "array"}, {"items", item}};
      break;
    case ParamType::texts:
      out = {{"type", "array"}, {"items", p.choices.empty() ? Json{{"type", "string"}} : one_of(p.choices, "")}};
      break;
    case ParamType::text:
      if (!p.choices.empty()) {
        auto more = Json::object();
        if (!p.required) more["default"] = of_value(p.fallback);
        return one_of(p.choices, help, more);
      }
      [[fallthrough]];
    case ParamType::path:
      out = {{"type", "string"}};
      break;
  }
  out["description"] = help;
  if (const auto value = of_value(p.fallback); !p.required && !value.is_null()) out["default"] = value;
  return out;
}

// "unknown.drop" stands in a table of its own.
static void put(Json& properties, const std::string& name, const Json& value) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) {
    properties[name] = value;
    return;
  }
  auto& table = properties[name.substr(0, dot)];
  if (table.is_null())
    table = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", unknown()}};
  put(table["properties"], name.substr(dot + 1), value);
}

static Json of_ports(const ComponentSchema& c) {
  Json ports = Json::object();
  for (const auto& port : c.ports) {
    if (port.output) continue;
    ports[port.name] = wires(port.repeated);
    ports[port.name]["description"] = port.shape + (port.help.empty() ? "" : ": " + port.help);
  }
  return {{"type", "object"}, {"properties", ports}, {"additionalProperties", unknown()}};
}

Json keys_of(const ComponentSchema& c) {
  Json out = Json::object();
  for (const auto& p : c.params) put(out, p.name, of_param(p));
  for (const auto& s : c.scalars) {
    auto value = coefficient(s.low, s.high);
    value["description"] = s.help;
    value["default"] = s.fallback;
    out[s.name] = value;
  }
  if (c.kind != Kind::field && c.kind != Kind::reader) out["in"] = of_ports(c);
  return out;
}

Json together(const std::vector<std::pair<std::string, Json>>& all) {
  const auto same = [&](const char* key) {
    return std::all_of(all.begin(), all.end(), [&](const auto& one) {
      return one.second.contains(key) && one.second.at(key) == all[0].second.value(key, Json());
    });
  };
  if (std::all_of(all.begin(), all.end(), [&](const auto& one) { return one.second == all[0].second; }))
    return all[0].second;
  Json out = Json::object();
  if (same("type")) out["type"] = all[0].second.at("type");
  if (same("default")) out["default"] = all[0].second.at("default");
  std::vector<std::pair<std::string, std::string>> helps;  // what, who
  std::map<std::string, std::vector<std::pair<std::string, Json>>> inner;
  std::vector<std::string> order;
  for (const auto& [who, value] : all) {
    const auto& told = value.contains("anyOf") ? value.at("anyOf").at(0) : value;
    const auto help = told.value("description", std::string());
    const auto at = std::find_if(helps.begin(), helps.end(), [&](const auto& one) { return one.first == help; });
    if (at != helps.end()) at->second += ", `" + who + "`";
    else if (!help.empty()) helps.emplace_back(help, "`" + who + "`");
    const auto table = value.contains("properties") ? value.at("properties") : Json::object();
    for (const auto& [name, one] : table.items()) {
      if (!inner.contains(name)) order.push_back(name);
      inner[name].emplace_back(who, one);
    }
  }
  std::string text;
  for (const auto& [what, who] : helps)
    text += (text.empty() ? "" : "\n\n") + what + (helps.size() > 1 ? " (" + who + ")" : "");
  if (!text.empty()) out["description"] = text;
  for (const auto& name : order) out["properties"][name] = together(inner.at(name));
  return out;
}

}  // namespace braid::tools::schema
