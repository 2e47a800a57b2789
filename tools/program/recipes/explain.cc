// `braid explain`: where each value of a recipe comes from, and what it means.
#include "commands.h"
#include "components/describe.h"
#include "places.h"
#include "print.h"
#include "wrap.h"

#include "recipe/document/diagnostics.h"
#include "recipe/document/words.h"

#include <braid/diagnostic.h>

#include <algorithm>

namespace braid::tools {
namespace {

using Json = nlohmann::ordered_json;
using recipe::Explained;
using recipe::Word;

// What a value means, from whichever declaration it has.
struct Meaning {
  std::string type, range, unit, fallback, help;
};

std::string type_of(Word::Is is) {
  switch (is) {
    case Word::Is::whole:
      return "int";
    case Word::Is::number:
      return "number";
    case Word::Is::boolean:
      return "bool";
    case Word::Is::text:
    case Word::Is::choice:
      return "text";
    case Word::Is::texts:
      return "text or texts";
    case Word::Is::expression:
    case Word::Is::expressions:
      return "expression";
    case Word::Is::component:
      return "component";
    case Word::Is::wires:
      return "wires";
    case Word::Is::coefficient:
      return "coefficient";
    case Word::Is::values:
      return "text, number or bool";
    default:
      return "table";
  }
}

// A parameter's range without the unit, which stands beside it.
std::string bare_range(ParamSchema param) {
  param.unit.clear();
  return range_text(param);
}

Meaning meaning_of(const Explained& value) {
  if (const auto& p = value.param)
    return {std::string(name_of(p->type)), bare_range(*p), p->unit, p->required ? "" : value_text(p->fallback),
            p->help};
  if (const auto& s = value.scalar)
    return {"coefficient", range_text(s->low, s->high), "", recipe::number_text(s->fallback), s->help};
  if (const auto& p = value.port) return {p->shape, wires_text(*p), "", "", p->help};
  if (const auto* w = value.word) {
    ParamSchema as;
    as.low = w->low, as.high = w->high, as.choices = w->choices;
    const bool none = std::holds_alternative<std::monostate>(w->fallback);
    return {type_of(w->is), range_text(as), w->unit, none ? "" : value_text(w->fallback), w->help};
  }
  return {};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts)
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  return out;
}

// "a parameter of din", "an input of din", "a word of the language".
std::string whose(const Explained& value) {
  const auto name = value.component == value.plugin ? value.component : value.plugin + "/" + value.component;
  if (value.param) return "parameter of " + name;
  if (value.scalar) return "coefficient of " + name;
  if (value.port) return "input of " + name;
  return "";
}

std::string place_words(const Explained& value) {
  using From = Explained::From;
  if (value.from == From::fallback)
    return place_text(value) + (value.place.line ? "; not said in the table at " + recipe::text_of(value.place) : "");
  return recipe::text_of(value.place) + (value.from == From::include ? ", included" : "");
}

std::string details(const Explained& value) {
  std::string out = value.key + " = " + value.value() + "\n";
  const auto line = [&](const std::string& name, const std::string& text) {
    if (!text.empty()) out += "  " + name + std::string(8 - name.size(), ' ') + wrapped(text, 10) + "\n";
  };
  line("from", place_words(value));
  for (const auto& part : value.parts) line("", "and " + recipe::text_of(part));
  for (const auto& [name, place] : value.vars) line("with", "${" + name + "} of " + recipe::text_of(place));
  for (const auto& old : value.before) line("instead", "of " + old.value + " at " + recipe::text_of(old.place));
  const auto m = meaning_of(value);
  line("means", m.help);
  line("takes", joined({m.type, m.range + (m.range.empty() || m.unit.empty() ? "" : " ") + m.unit,
                        m.fallback.empty() ? "" : "default " + m.fallback}));
  line("of", whose(value));
  return out;
}

// One line a value: key, value, place; long values are cut, details show them whole.
std::string lines(const std::vector<const Explained*>& values) {
  constexpr std::size_t most_key = 44, most_value = 34;
  const auto fit = [](std::string text, std::size_t most) {
    std::size_t letters = 0, at = 0;
    for (; at < text.size(); ++at)
      if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && ++letters > most) break;
    if (at < text.size()) return text.substr(0, at - 3) + "...  ";
    return text + std::string(most - letters + 2, ' ');
  };
  std::string out;
  for (const auto* value : values) {
    auto key = value->key;
    key += std::string(key.size() < most_key ? most_key - key.size() : 0, ' ') + "  ";
    out += key + fit(value->value(), most_value) + place_text(*value) + "\n";
  }
  return out;
}

Json json_of(const Explained& value) {
  const auto m = meaning_of(value);
  Json out{{"key", value.key}, {"value", value_json(*value.item)}, {"source", place_json(value)}};
  if (!value.component.empty()) out["component"] = value.component, out["plugin"] = value.plugin;
  for (const auto& [name, text] : {std::pair{"type", m.type}, {"range", m.range}, {"unit", m.unit}, {"help", m.help}})
    out[name] = text;
  out["default"] = m.fallback.empty() ? Json() : Json(m.fallback);
  for (const auto& part : value.parts) out["parts"].push_back(place_json(part));
  for (const auto& [name, place] : value.vars) {
    Json var{{"name", name}};
    var.update(place_json(place));
    out["vars"].push_back(var);
  }
  for (const auto& old : value.before) {
    Json before{{"value", old.value}};
    before.update(place_json(old.place));
    out["instead_of"].push_back(before);
  }
  return out;
}

struct Explain : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "explain", "Tells where each value of a recipe comes from, and what it means.",
      "KEY is a key (train.batch), a path above keys (nodes.words) or a glob ('nodes.*.dim'): its values with place, "
      "meaning, type, range and default. Without it all values, one a line."};

  std::string recipe = argument("RECIPE");
  std::string key = argument("KEY", Need::optional);
  std::vector<std::string> sets = set_option();
  bool json = json_option();
};

int explain(const Explain& asked) {
  const auto& file = asked.recipe;
  const auto resolution = resolved(file, asked.sets);
  if (!resolution) return 1;
  const bool some = !asked.key.empty();
  const auto key = some ? asked.key : "*";
  const auto values = recipe::chosen(resolution->values, key);
  if (values.empty()) {
    throw Failure("no-such-key", file, "no value is called " + recipe::quote(key),
                  {"`braid explain " + file + "` lists all keys"},
                  recipe::nearest_key(resolution->values, key).value_or(""));
  }
  if (asked.json) {
    auto out = Json::array();
    for (const auto* value : values) out.push_back(json_of(*value));
    return print(out.dump(2) + "\n"), 0;
  }
  if (!some) return print(lines(values)), 0;
  std::string out;
  for (const auto* value : values) out += (out.empty() ? "" : "\n") + details(*value);
  return print(out), 0;
}

}  // namespace

Command explain_command() { return command_of<Explain, explain>(); }

}  // namespace braid::tools
