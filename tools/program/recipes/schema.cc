// `braid schema`.
//
// Language servers find keys to complete, and help, in `properties`, `items`, `additionalProperties`, `anyOf` and
// `$ref`, but not behind `if`. So a node's `properties` list what any component takes, with help and no claim that not
// all of them make, and an `if` for each component says exactly what that one takes; an error then stands at the key,
// and not at the whole node, as it would with `oneOf`.
#include "schema.h"

#include "components/catalogue.h"
#include "recipe/keywords/language.h"
#include "recipe/document/words.h"
#include "schema_values.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

namespace braid::tools {
namespace {

using namespace schema;
using recipe::Section;
using recipe::Word;
using Is = Word::Is;

struct Part {
  const PluginSchema* plugin;
  const ComponentSchema* schema;
  std::string name() const { return schema->name == plugin->name ? schema->name : plugin->name + "/" + schema->name; }
  // What `use` may say to mean it.
  Json names() const {
    auto out = Json::array({name()});
    if (schema->name == plugin->name) out.push_back(plugin->name + "/" + schema->name);
    return out;
  }
};

// ---- the language ----

class Maker {
 public:
  explicit Maker(const std::vector<const PluginSchema*>& plugins) {
    std::set<std::string> seen;
    for (const auto* plugin : plugins)
      if (seen.insert(plugin->name).second)
        for (const auto& component : plugin->components) parts_.push_back({plugin, &component});
    std::stable_sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.name() < b.name(); });
  }

  Json make() {
    auto out = Json{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "Braid recipe"}};
    out.update(table(recipe::section("top")));
    // A file that includes others or is included may leave to them what is required.
    const auto lacks = [](const char* key) { return Json{{"not", {{"required", {key}}}}}; };
    out["if"] = {{"required", {"braid"}}, {"allOf", {lacks("include"), lacks("serving")}}};
    out["then"] = demands(recipe::section("top"));
    return out;
  }

 private:
  static bool among(Kind kind, const std::vector<Kind>& kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }
  std::vector<Part> of(const std::vector<Kind>& kinds) const {
    std::vector<Part> out;
    for (const auto& part : parts_)
      if (among(part.schema->kind, kinds)) out.push_back(part);
    return out;
  }

  // The `use` of one of these kinds, each with its summary.
  Json component(const Word& word) const {
    std::vector<std::string> names, others;
    auto docs = Json::array();
    for (const auto& part : of(word.kinds)) {
      names.push_back(part.name());
      docs.push_back(part.schema->summary);
      if (part.names().size() > 1) others.push_back(part.names()[1].get<std::string>());
    }
    auto out = one_of(names, word.help, {{"x-taplo", {{"docs", {{"enumValues", docs}}}}}});
    out["anyOf"].push_back({{"type", "string"}, {"enum", others}, {"x-taplo", {{"hidden", true}}}});
    return out;
  }

  Json value(const Word& word) const {
    const auto help = with_unit(word.help, word.unit);
    Json out;
    switch (word.is) {
      case Is::whole:
      case Is::number:
        out = amount(word.is == Is::whole ? "integer" : "number", word.unit);
        range(out, word.low, word.high);
        break;
      case Is::boolean:
        out = {{"type", "boolean"}};
        break;
      case Is::text:
      case Is::expression:
        out = {{"type", "string"}};
        break;
      case Is::texts:
        out = {{"type", {"string", "array"}}, {"items", {{"type", "string"}}}};
        break;
      case Is::choice: {
        auto more = Json::object();
        if (const auto given = of_value(word.fallback); !given.is_null()) more["default"] = given;
        return one_of(word.choices, help, more);
      }
      case Is::component:
        if (word.section.empty()) return component(word);
        out = {{"if", {{"type", "object"}}}, {"then", table(words_of(word))}, {"else", component(word)}};
        break;
      case Is::wires:
        out = wires();
        break;
      case Is::coefficient:
        out = coefficient(word.low, word.high);
        break;
      case Is::inputs:
        out = {{"type", "object"}, {"additionalProperties", wires()}};
        break;
      case Is::values:
        out = {{"type", "object"}, {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
        break;
      case Is::table:
        out = table(words_of(word));
        break;
      case Is::tables:
        out = table(words_of(word));
        out["items"] = table(words_of(word));
        out["type"] = {"object", "array"};
        break;
      case Is::named:
        out = {{"type", "object"}, {"propertyNames", name()}, {"additionalProperties", table(words_of(word))}};
        break;
      case Is::links:
        out = {{"type", "object"}, {"propertyNames", name()}, {"additionalProperties", table(words_of(word))}};
        out["additionalProperties"]["type"] = {"string", "object"};
        break;
      case Is::expressions:
        out = {{"type", "object"}, {"propertyNames", name()}, {"additionalProperties", {{"type", "string"}}}};
        break;
    }
    out["description"] = help;
    if (const auto given = of_value(word.fallback); !given.is_null()) out["default"] = given;
    return out;
  }

  static Json name() { return {{"pattern", "^[A-Za-z_][A-Za-z0-9_-]*$"}}; }

  // A list and a split are of several sorts, told by what they say.
  static const Section& words_of(const Word& word) {
    if (word.section == "list") return recipe::section("history");
    if (word.section == "split") return recipe::section("hash_split");
    return recipe::section(word.section);
  }

  Json words(const Section& section) const {
    Json out = Json::object();
    for (const auto& word : section.words) out[word.name] = value(word);
    return out;
  }

  static Json only(const Json& properties) { return {{"properties", properties}, {"additionalProperties", unknown()}}; }
  static Json has(const char* key) { return {{"required", {key}}}; }
  static Json says(const char* key, const Json& values) {
    return {{"required", {key}}, {"properties", {{key, {{"enum", values}}}}}};
  }

  // The properties of several sorts of one table, for completion, and what tells them apart, for errors.
  static Json sorts(
      const std::vector<std::pair<Json, Json>>& all) {  // condition and properties; the last one's always holds
    std::map<std::string, std::vector<std::pair<std::string, Json>>> by_key;
    std::vector<std::string> order;
    for (const auto& [condition, properties] : all)
      for (const auto& [key, schema] : properties.items()) {
        if (!by_key.contains(key)) order.push_back(key);
        by_key[key].emplace_back(condition.value("title", std::string()), schema);
      }
    Json out{{"type", "object"}};
    for (const auto& key : order) out["properties"][key] = together(by_key.at(key));
    auto rest = only(all.back().second);
    for (auto at = all.rbegin() + 1; at != all.rend(); ++at)
      rest = {{"if", at->first}, {"then", only(at->second)}, {"else", rest}};
    out.update(rest);  // `if`, `then`, `else` beside the properties of all
    return out;
  }

  Json titled(Json condition, const char* title) const { return condition["title"] = title, condition; }

  Json table(const Section& section) const {
    Json out{{"type", "object"}};
    const auto own = words(section);
    if (section.name == "history")
      out = sorts({{titled(has("draw"), "draw"), words(recipe::section("draw"))},
                   {titled(has("column"), "column"), words(recipe::section("column"))},
                   {titled(has("after"), "after"), words(recipe::section("after"))},
                   {titled(Json::object(), "history"), own}});
    else if (section.name == "hash_split")
      out = sorts({{titled(says("by", {"time"}), "time"), words(recipe::section("time_split"))},
                   {titled(says("by", {"leave_last"}), "leave_last"), words(recipe::section("leave_last_split"))},
                   {titled(Json::object(), "hash"), own}});
    else if (section.name == "node") out = node(own);
    else if (section.name == "metric") out = with_components(own, "use", {Kind::metric});
    else if (section.name == "group") out = group(own);
    else if (section.name == "schedule") out = with_components(own, "use", {Kind::schedule});
    else if (section.name == "field") out = with_components(own, "use", {Kind::field});
    else if (section.name == "table" || section.name == "join") out = with_components(own, "reader", {Kind::reader});
    else out.update(only(own));
    out["description"] = section.help;
    return out;
  }

  // An optimizer's keys beside the group's own and, where the schedule is a name, the schedule's keys.
  Json group(Json own) const {
    std::map<std::string, std::vector<std::pair<std::string, Json>>> by_key;
    const auto schedules = of({Kind::schedule});
    for (const auto& part : schedules) {
      const auto keys = keys_of(*part.schema);
      for (const auto& [key, schema] : keys.items()) by_key[key].emplace_back(part.name(), schema);
    }
    for (const auto& [key, schemas] : by_key) own[key] = together(schemas);
    auto out = with_components(own, "use", {Kind::optimizer});
    for (const auto& part : schedules) {
      Json others{{"allOf", Json::array()}};
      for (const auto& [key, schemas] : by_key)
        if (!part.schema->param(key)) others["allOf"].push_back(without({key}, "a key of another schedule"));
      const Json rule{{"if", says("schedule", part.names())}, {"then", others}};
      out["allOf"].push_back(rule);
    }
    return out;
  }

  // A table with a component's keys beside its own.
  Json with_components(const Json& own, const char* use, const std::vector<Kind>& kinds) const {
    const auto parts = of(kinds);
    std::map<std::string, std::vector<std::pair<std::string, Json>>> by_key;
    auto cases = Json::array();
    Json all = own;
    for (const auto& part : parts) {
      auto keys = keys_of(*part.schema);
      for (const auto& [key, schema] : keys.items()) by_key[key].emplace_back(part.name(), schema);
      const bool loss = part.schema->kind == Kind::loss || part.schema->kind == Kind::distiller;
      for (const auto& [key, schema] : own.items()) {
        if (keys.contains(key)) continue;
        if (key == "weight" && !loss) continue;
        if (key == "serve" && loss) continue;
        if (key == "media" && !part.schema->media) continue;
        keys[key] = true;  // judged beside
      }
      cases.push_back({{"if", says(use, part.names())}, {"then", only(keys)}});
    }
    for (const auto& [key, schemas] : by_key) {
      auto schema = together(schemas);
      if (own.contains(key)) {  // `in`
        schema["description"] = own.at(key).value("description", std::string());
      }
      all[key] = schema;
    }
    Json out{{"type", "object"}, {"properties", all}};
    if (std::string(use) == "reader") {  // without `reader`, the file's ending chooses one
      out["additionalProperties"] = unknown();
      if (!cases.empty()) out["if"] = has(use), out["then"] = {{"allOf", cases}};
      return out;
    }
    out["if"] = has(use);
    out["then"] = cases.empty() ? Json::object() : Json{{"allOf", cases}};
    Json any = Json::object();  // a part of a recipe may leave the component to the file that includes it
    for (const auto& [key, schema] : all.items()) any[key] = true;
    out["else"] = only(any);
    return out;
  }

  Json node(const Json& own) const {
    auto out = with_components(own, "use", recipe::section("node").find("use")->kinds);
    Json rest = Json::object();
    for (const auto& [key, schema] : out["properties"].items()) rest[key] = true;
    for (const char* sort : {"same", "copy", "run"})
      for (const auto& word : recipe::section(sort).words) rest[word.name] = true;
    rest = only(rest);
    for (const char* sort : {"run", "copy", "same"}) {
      Json keys = Json::object();
      for (const auto& word : recipe::section(sort).words) {
        keys[word.name] = true;
        if (!out["properties"].contains(word.name)) out["properties"][word.name] = value(word);
      }
      rest = {{"if", has(sort)}, {"then", only(keys)}, {"else", rest}};
    }
    out["else"] = rest;
    return out;
  }

  // ---- what a whole recipe has to say ----

  Json demands(const Section& section) const {
    auto out = Json::object();
    auto needed = Json::array();
    for (const auto& word : section.words) {
      if (word.required) needed.push_back(word.name);
      if (word.section.empty() || word.is == Is::component) continue;
      Json inner =
          word.section == "list" || word.section == "split" ? sorts_demand(word.section) : demands(words_of(word));
      if (inner.empty()) continue;
      auto& value = out["properties"][word.name];
      if (word.is == Is::table) value = inner;
      else if (word.is == Is::tables) value = inner, value["items"] = inner;
      else value["additionalProperties"] = inner;
    }
    if (section.name == "node") {
      Json none = Json::array();
      for (const char* sort : {"same", "copy", "run"}) none.push_back({{"required", {sort}}});
      out["if"] = {{"anyOf", none}};
      out["else"] = {{"required", {"use"}}};
      if (auto needs = needs_of(recipe::section("node").find("use")->kinds); !needs.empty()) out["allOf"] = needs;
    } else if (!needed.empty()) {
      out["required"] = needed;
    }
    if (section.name == "copy" || section.name == "top") return out;
    if (section.name == "metric" || section.name == "field")
      if (auto needs = needs_of({section.name == "metric" ? Kind::metric : Kind::field}); !needs.empty())
        out["allOf"] = needs;
    if (section.name == "table") {
      out["anyOf"] = {{{"required", {"file"}}}, {{"required", {"files"}}}, {{"required", {"from", "key"}}}};
      out["if"] = has("key");
      out["then"] =
          without({"order", "keep", "links", "lists", "hold_out"}, "a key of event tables, which have no key");
      out["else"] = without({"join", "permute", "fit"}, "a key of entity tables, which have a key");
    }
    return out;
  }

  Json sorts_demand(const std::string& which) const {
    if (which == "split")
      return {{"required", {"by"}},
              {"if", says("by", {"leave_last"})},
              {"then", demands(recipe::section("leave_last_split"))}};
    return {{"if", has("draw")},
            {"then", demands(recipe::section("draw"))},
            {"else",
             {{"if", has("column")},
              {"then", demands(recipe::section("column"))},
              {"else",
               {{"if", has("after")},
                {"then", demands(recipe::section("after"))},
                {"else", demands(recipe::section("history"))}}}}}};
  }

  // Parameters and inputs that components need.
  Json needs_of(const std::vector<Kind>& kinds) const {
    auto out = Json::array();
    for (const auto& part : of(kinds)) {
      auto needed = Json::array(), ports = Json::array();
      for (const auto& p : part.schema->params)
        if (p.required) needed.push_back(p.name.substr(0, p.name.find('.')));
      if (part.schema->kind != Kind::metric)  // a metric's may be wired by [eval]
        for (const auto& port : part.schema->ports)
          if (!port.output && !port.optional) ports.push_back(port.name);
      if (part.schema->kind == Kind::field) ports.clear();
      if (part.schema->media) needed.push_back("media");
      if (!ports.empty()) needed.push_back("in");
      if (needed.empty()) continue;
      Json then{{"required", needed}};
      if (!ports.empty()) then["properties"] = {{"in", {{"required", ports}}}};
      out.push_back({{"if", says("use", part.names())}, {"then", then}});
    }
    return out;
  }

  std::vector<Part> parts_;
};

}  // namespace

std::string recipe_schema(const std::vector<const PluginSchema*>& plugins) {
  return Maker(plugins).make().dump(1) + "\n";
}

}  // namespace braid::tools
