#include "cards/card.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace braid::cards {
namespace {

using Json = nlohmann::ordered_json;

// JSON knows no infinities.
Json of_number(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}
double to_number(const Json& j) {
  if (j.is_number()) return j.get<double>();
  const auto text = j.get<std::string>();
  return text == "inf" ? INFINITY : text == "-inf" ? -INFINITY : std::nan("");
}

// A value's JSON; the parameter's type says how to read it back.
Json of_value(const Value& value) {
  return std::visit(
      [](const auto& v) -> Json {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) return nullptr;
        else if constexpr (std::is_same_v<T, double>) return of_number(v);
        else if constexpr (std::is_same_v<T, Path>) return v.text;
        else if constexpr (std::is_same_v<T, std::vector<double>>) {
          auto out = Json::array();
          for (const double x : v) out.push_back(of_number(x));
          return out;
        } else return v;
      },
      value);
}
Value to_value(const Json& j, ParamType type) {
  if (j.is_null()) return {};
  switch (type) {
    case ParamType::boolean:
      return j.get<bool>();
    case ParamType::whole:
      return j.get<std::int64_t>();
    case ParamType::number:
      return to_number(j);
    case ParamType::text:
      return j.get<std::string>();
    case ParamType::path:
      return Path{j.get<std::string>()};
    case ParamType::wholes:
      return j.get<std::vector<std::int64_t>>();
    case ParamType::texts:
      return j.get<std::vector<std::string>>();
    case ParamType::numbers: {
      std::vector<double> out;
      for (const auto& x : j) out.push_back(to_number(x));
      return out;
    }
  }
  return {};
}

// Keys that say nothing are left out: cards are read at each start.
void put(Json& j, const char* key, const std::string& text) {
  if (!text.empty()) j[key] = text;
}
void put(Json& j, const char* key, bool flag) {
  if (flag) j[key] = true;
}
void put(Json& j, const char* key, const std::optional<double>& x) {
  if (x) j[key] = of_number(*x);
}
void put(Json& j, const char* key, const std::vector<std::string>& list) {
  if (!list.empty()) j[key] = list;
}

std::string text(const Json& j, const char* key) {
  return j.contains(key) ? j.at(key).get<std::string>() : std::string();
}
bool flag(const Json& j, const char* key) { return j.contains(key) && j.at(key).get<bool>(); }
std::optional<double> number(const Json& j, const char* key) {
  return j.contains(key) ? std::optional(to_number(j.at(key))) : std::nullopt;
}
std::vector<std::string> texts(const Json& j, const char* key) {
  return j.contains(key) ? j.at(key).get<std::vector<std::string>>() : std::vector<std::string>();
}
template <std::size_t n>
int index_of(const std::string& name, const std::string_view (&names)[n]) {
  for (std::size_t k = 0; k < n; ++k)
    if (names[k] == name) return static_cast<int>(k);
  throw nlohmann::json::other_error::create(501, "unknown word '" + name + "'",
                                            static_cast<const nlohmann::json*>(nullptr));
}

template <class T, class F>
Json each(const std::vector<T>& all, const F& write) {
  auto out = Json::array();
  for (const auto& one : all) out.push_back(write(one));
  return out;
}
template <class T, class F>
void each(const Json& j, const char* key, std::vector<T>& out, const F& read) {
  if (!j.contains(key)) return;
  for (const auto& one : j.at(key)) out.push_back(read(one));
}

Json of_param(const ParamSchema& p) {
  Json j{{"name", p.name}, {"type", std::string(name_of(p.type))}};
  j["default"] = of_value(p.fallback);
  put(j, "required", p.required);
  put(j, "low", p.low);
  put(j, "high", p.high);
  put(j, "choices", p.choices);
  put(j, "unit", p.unit);
  put(j, "help", p.help);
  return j;
}
ParamSchema to_param(const Json& j) {
  ParamSchema p;
  p.name = text(j, "name");
  p.type = static_cast<ParamType>(index_of(text(j, "type"), param_type_names));
  p.fallback = to_value(j.at("default"), p.type);
  p.required = flag(j, "required");
  p.low = number(j, "low");
  p.high = number(j, "high");
  p.choices = texts(j, "choices");
  p.unit = text(j, "unit");
  p.help = text(j, "help");
  return p;
}

Json of_scalar(const ScalarSchema& s) {
  Json j{{"name", s.name}, {"default", of_number(s.fallback)}};
  put(j, "low", s.low);
  put(j, "high", s.high);
  put(j, "help", s.help);
  return j;
}
ScalarSchema to_scalar(const Json& j) {
  return {text(j, "name"), to_number(j.at("default")), number(j, "low"), number(j, "high"), text(j, "help")};
}

Json of_port(const PortSchema& p) {
  Json j{{"name", p.name}, {"shape", p.shape}};
  put(j, "output", p.output);
  put(j, "optional", p.optional);
  put(j, "repeated", p.repeated);
  put(j, "constant", p.constant);
  put(j, "low", p.low);
  put(j, "high", p.high);
  put(j, "named_by", p.named_by);
  put(j, "help", p.help);
  return j;
}
PortSchema to_port(const Json& j) {
  PortSchema p;
  p.name = text(j, "name");
  p.shape = text(j, "shape");
  p.output = flag(j, "output");
  p.optional = flag(j, "optional");
  p.repeated = flag(j, "repeated");
  p.constant = flag(j, "constant");
  p.low = number(j, "low");
  p.high = number(j, "high");
  p.named_by = text(j, "named_by");
  p.help = text(j, "help");
  return p;
}

Json of_weight(const WeightSchema& w) {
  Json j{{"name", w.name}, {"dims", w.dims}};
  put(j, "table", w.table);
  put(j, "undecayed", !w.decays);
  return j;
}
WeightSchema to_weight(const Json& j) {
  return {text(j, "name"), texts(j, "dims"), flag(j, "table"), !flag(j, "undecayed")};
}

ComponentSchema to_component(const Json& j) {
  ComponentSchema c;
  c.name = text(j, "name");
  c.kind = static_cast<Kind>(index_of(text(j, "kind"), kind_names));
  c.summary = text(j, "summary");
  c.paper = text(j, "paper");
  c.equation = text(j, "equation");
  c.differs = text(j, "differs");
  each(j, "params", c.params, to_param);
  each(j, "scalars", c.scalars, to_scalar);
  each(j, "ports", c.ports, to_port);
  each(j, "requires", c.requires_, [](const Json& r) { return RequireSchema{text(r, "rule"), text(r, "why")}; });
  each(j, "weights", c.weights, to_weight);
  c.suffixes = texts(j, "suffixes");
  c.header = text(j, "header");
  c.fits = flag(j, "fits");
  c.media = flag(j, "media");
  c.by_default = flag(j, "by_default");
  each(j, "declines", c.declines, [](const Json& d) { return DeclineSchema{text(d, "check"), text(d, "reason")}; });
  return c;
}

}  // namespace

Json to_json(const ComponentSchema& c) {
  Json j{{"name", c.name}, {"kind", std::string(name_of(c.kind))}, {"summary", c.summary}};
  put(j, "paper", c.paper);
  put(j, "equation", c.equation);
  put(j, "differs", c.differs);
  j["params"] = each(c.params, of_param);
  if (!c.scalars.empty()) j["scalars"] = each(c.scalars, of_scalar);
  j["ports"] = each(c.ports, of_port);
  if (!c.requires_.empty())
    j["requires"] = each(c.requires_, [](const auto& r) { return Json{{"rule", r.rule}, {"why", r.why}}; });
  if (!c.weights.empty()) j["weights"] = each(c.weights, of_weight);
  put(j, "suffixes", c.suffixes);
  put(j, "header", c.header);
  put(j, "fits", c.fits);
  put(j, "media", c.media);
  put(j, "by_default", c.by_default);
  if (!c.declines.empty())
    j["declines"] = each(c.declines, [](const auto& d) { return Json{{"check", d.check}, {"reason", d.reason}}; });
  return j;
}

Json to_json(const PluginSchema& p) {
  return Json{{"name", p.name},
              {"version", p.version},
              {"components", each(p.components, [](const ComponentSchema& c) { return to_json(c); })}};
}

PluginSchema plugin_from_json(const Json& j) {
  PluginSchema p{text(j, "name"), text(j, "version"), {}};
  each(j, "components", p.components, to_component);
  return p;
}

std::string to_text(const Card& card) {
  Json j{{"braid_card", card_format}};
  j["file"] = {{"digest", card.file.digest}, {"size", card.file.size}};
  j["plugin"] = to_json(card.schema);
  return j.dump(1) + "\n";
}

std::variant<Card, std::string> from_text(const std::string& source) try {
  const auto j = Json::parse(source);
  if (!j.contains("braid_card") || j.at("braid_card") != card_format) return "it is no card of this braid's format";
  Card card;
  const auto& file = j.at("file");
  card.file = {file.at("size").get<std::uint64_t>(), file.at("digest").get<std::string>()};
  card.schema = plugin_from_json(j.at("plugin"));
  return card;
} catch (const nlohmann::json::exception& e) {
  return std::string("it is damaged: ") + e.what();
}

}  // namespace braid::cards
