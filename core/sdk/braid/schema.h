// What a component declares about itself, as plain data: names, values, shapes, parameters, ports.
//
// Needs the standard library alone, so that the recipe checker and the card reader use the same words as a plugin
// without seeing a tensor. Everything here is a value type; nothing is thread-bound.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace braid {

// A file name in a recipe: relative to the file that says it; the checker proves that it exists.
struct Path {
  std::string text;
  bool operator==(const Path&) const = default;
};

// A parameter's value. `monostate`: the recipe says nothing and there is no default (see ParamSchema::required).
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Path, std::vector<std::int64_t>,
                           std::vector<double>, std::vector<std::string>>;
using Values = std::map<std::string, Value, std::less<>>;

enum class Kind { reader, field, tower, fusion, ranker, bank, loss, distiller, metric, optimizer, schedule, stage };
inline constexpr std::string_view kind_names[] = {"reader", "field",     "tower",  "fusion",    "ranker",   "bank",
                                                  "loss",   "distiller", "metric", "optimizer", "schedule", "stage"};
constexpr std::string_view name_of(Kind kind) { return kind_names[static_cast<int>(kind)]; }
// "towers", "fusions", "losses": the folder and the heading that a kind's components stand under.
inline std::string plural_of(Kind kind) { return std::string(name_of(kind)) + (kind == Kind::loss ? "es" : "s"); }

// `floating`: any floating type. `id`: whole numbers in [0, n), 0 the unknown one. `key`: 64 bits that name an entity.
enum class DType { floating, whole, boolean, key, id };
inline constexpr std::string_view dtype_names[] = {"float", "int", "bool", "key", "id"};
constexpr std::string_view name_of(DType type) { return dtype_names[static_cast<int>(type)]; }

namespace shape {

// One recursive-descent parser for dim expressions. It is `constexpr`, so a malformed text in a declaration does not
// compile; at run time the same code evaluates. Grammar:
//   sum  := product (('+' | '-') product)*
//   product := atom (('*' | '/') atom)*          a '*' before ',' ']' '~' or the end is a mark, not a product
//   atom := number | name ('.' name)* | 'sum' '(' name '.' name ')' | 'count' '(' name ')' | '(' sum ')'
// `sum(port.dim)` adds a dim of a repeated port over its wires; `count(port)` is the number of its wires.
struct Parser {
  std::string_view text;
  std::size_t at = 0;
  const char* error = nullptr;

  constexpr void skip() {
    while (at < text.size() && text[at] == ' ') ++at;
  }
  constexpr bool take(char c) {
    skip();
    if (at < text.size() && text[at] == c) return ++at, true;
    return false;
  }
  constexpr char peek() {
    skip();
    return at < text.size() ? text[at] : '\0';
  }
  static constexpr bool lower(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
  static constexpr bool digit(char c) { return c >= '0' && c <= '9'; }
  constexpr std::string_view word() {
    skip();
    const auto start = at;
    while (at < text.size() && (lower(text[at]) || (at > start && (digit(text[at]) || text[at] == '.')))) ++at;
    return text.substr(start, at - start);
  }
  constexpr bool mark_follows() {  // a '*' that marks a padded dim ends the expression
    auto next = at + 1;
    while (next < text.size() && text[next] == ' ') ++next;
    return next >= text.size() || text[next] == ',' || text[next] == ']' || text[next] == '~' || text[next] == '?' ||
           text.substr(next, 3) == "if ";
  }
  template <class Lookup, class Sum>
  constexpr std::optional<std::int64_t> atom(const Lookup& lookup, const Sum& sum_of) {
    const char c = peek();
    if (digit(c)) {
      std::int64_t n = 0;
      while (at < text.size() && digit(text[at])) n = n * 10 + (text[at++] - '0');
      return n;
    }
    if (c == '(') {
      ++at;
      auto v = sum(lookup, sum_of);
      if (!take(')')) error = "a ')' is missing";
      return v;
    }
    if (!lower(c)) return error = "a dim is a number, a lower-case name or an expression of them", std::nullopt;
    const auto name = word();
    if (name == "sum" && peek() == '(') {
      ++at;
      const auto what = word();
      if (what.find('.') == std::string_view::npos) error = "sum(port.dim) names a repeated port and its dim";
      if (!take(')')) error = "a ')' is missing";
      return sum_of(what);
    }
    if (name == "count" && peek() == '(') {
      ++at;
      const auto what = word();
      if (what.empty() || what.find('.') != std::string_view::npos) error = "count(port) names a repeated port";
      if (!take(')')) error = "a ')' is missing";
      return sum_of(what);  // no dot: the number of wires
    }
    return lookup(name);
  }
  template <class Lookup, class Sum>
  constexpr std::optional<std::int64_t> product(const Lookup& lookup, const Sum& sum_of) {
    auto left = atom(lookup, sum_of);
    while (!error) {
      const char c = peek();
      if ((c != '*' && c != '/') || (c == '*' && mark_follows())) break;
      ++at;
      const auto right = atom(lookup, sum_of);
      if (!left || !right) {
        left.reset();
        continue;
      }
      if (c == '*') {
        left = *left * *right;
        continue;
      }
      if (*right == 0 || *left % *right != 0) {
        left.reset();
        inexact = true;
        continue;
      }
      left = *left / *right;
    }
    return left;
  }
  template <class Lookup, class Sum>
  constexpr std::optional<std::int64_t> sum(const Lookup& lookup, const Sum& sum_of) {
    auto left = product(lookup, sum_of);
    while (!error) {
      const char c = peek();
      if (c != '+' && c != '-') break;
      ++at;
      const auto right = product(lookup, sum_of);
      left = left && right ? std::optional(c == '+' ? *left + *right : *left - *right) : std::nullopt;
    }
    return left;
  }
  bool inexact = false;  // a division left a remainder
};

constexpr auto nothing = [](std::string_view) -> std::optional<std::int64_t> { return std::nullopt; };

// nullptr, or what is wrong with a shape's text.
constexpr const char* error_in(std::string_view text) {
  Parser p{text};
  const auto type = p.word();
  bool known = false;
  for (const auto name : dtype_names) known = known || name == type;
  if (!known) return "a shape starts with float, int, bool, key or id(n)";
  if (type == "id") {
    if (!p.take('(')) return "id needs its number of rows: id(n)";
    p.sum(nothing, nothing);
    p.take('~');
    if (!p.take(')')) return "a ')' is missing after id(";
  }
  p.take('?');
  if (!p.take('[')) return "dims stand in [ ]";
  if (p.take(']')) return p.peek() ? "text after the shape" : nullptr;
  bool may_lack = false;
  do {
    p.sum(nothing, nothing);
    if (p.error) return p.error;
    p.take('*');
    p.take('~');
    if (p.take('?')) {
      if (may_lack) return "one dim at most may be missing on a wire";
      may_lack = true;
    }
    if (p.peek() == 'i' && p.text.substr(p.at, 3) == "if ") p.at += 3, p.word();
  } while (p.take(','));
  if (!p.take(']')) return "dims are separated by ',' and end with ']'";
  return p.peek() ? "text after the shape" : nullptr;
}

constexpr const char* error_in_dim(std::string_view text) {
  Parser p{text};
  p.sum(nothing, nothing);
  if (p.error) return p.error;
  return p.peek() ? "text after the expression" : nullptr;
}

}  // namespace shape

// One dim of a port. `padded`: rows may use fewer places than the tensor has (a mask says which). `varies`: in a
// repeated port it may differ from wire to wire (then its size is `port.0.dim`, `port.1.dim`). `only_if`: the axis
// exists when that parameter is on (true, not 0, not empty). `may_lack` ("values*~?", inputs only, one dim of a port):
// a wire may come without this dim, so that `id(n)[rows]` and `id(n)[rows, values*]` fit one port; its size on that
// wire is 1.
struct Dim {
  std::string size;
  bool padded = false, varies = false;
  std::string only_if;
  bool may_lack = false;
  bool operator==(const Dim&) const = default;
};

// A port's type. `optional_rows` is the '?' of `float?[rows, dim]`: rows may be absent. `rows_vary` is the '~' of
// `id(n~)`: each wire of a repeated port has an n of its own, `port.0.n`.
struct Shape {
  DType type = DType::floating;
  std::string rows;  // n of id(n)
  bool rows_vary = false;
  bool optional_rows = false;
  std::vector<Dim> dims;
  bool operator==(const Shape&) const = default;
};

// Splits a text that `shape::error_in` accepts.
inline Shape parse_shape(std::string_view text) {
  shape::Parser p{text};
  const auto trimmed = [](std::string_view s) {
    while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
    while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
    return std::string(s);
  };
  const auto expression = [&] {
    p.skip();
    const auto start = p.at;
    p.sum(shape::nothing, shape::nothing);
    return trimmed(text.substr(start, p.at - start));
  };
  Shape out;
  const auto type = p.word();
  for (int k = 0; k < 5; ++k)
    if (dtype_names[k] == type) out.type = static_cast<DType>(k);
  if (p.take('(')) out.rows = expression(), out.rows_vary = p.take('~'), p.take(')');
  out.optional_rows = p.take('?');
  if (!p.take('[') || p.peek() == ']') return out;
  do {
    Dim dim{expression(), p.take('*'), p.take('~'), "", p.take('?')};
    if (p.peek() == 'i' && p.text.substr(p.at, 3) == "if ") p.at += 3, dim.only_if = std::string(p.word());
    out.dims.push_back(dim);
  } while (p.take(','));
  return out;
}

// Evaluates a dim expression. `lookup` knows names, `sum_of` knows `port.dim` of a repeated port, summed over its wires
// (and `port` alone: their number); nullopt of either
// makes the result nullopt. `inexact` is set when a division leaves a remainder.
using DimLookup = std::function<std::optional<std::int64_t>(std::string_view)>;
inline std::optional<std::int64_t> evaluate_dim(std::string_view text, const DimLookup& lookup, const DimLookup& sum_of,
                                                bool* inexact = nullptr) {
  shape::Parser p{text};
  const auto value = p.sum(lookup, sum_of);
  if (inexact) *inexact = p.inexact;
  return p.error ? std::nullopt : value;
}

// Words of the recipe language that a node's own keys are; a component may not use them as names.
inline constexpr std::string_view node_words[] = {"use",  "same",   "copy",    "every",  "run",    "in",
                                                  "stop", "weight", "weights", "losses", "frozen", "lora"};

constexpr const char* error_in_name(std::string_view name) {
  if (name.empty() || !(name[0] >= 'a' && name[0] <= 'z')) return "a name starts with a lower-case letter";
  for (const char c : name)
    if (!shape::Parser::lower(c) && !shape::Parser::digit(c) && c != '.')
      return "a name has lower-case letters, digits and '_'";
  for (const auto word : node_words)
    if (word == name) return "this name is a word of the recipe language";
  return nullptr;
}

// ---- declarations, as a card carries them ----

enum class ParamType { boolean, whole, number, text, path, wholes, numbers, texts };
inline constexpr std::string_view param_type_names[] = {"bool", "int",  "number",  "text",
                                                        "path", "ints", "numbers", "texts"};
constexpr std::string_view name_of(ParamType type) { return param_type_names[static_cast<int>(type)]; }

struct ParamSchema {
  std::string name;  // a dot nests: "unknown.drop" is `unknown = { drop = ... }`
  ParamType type = ParamType::whole;
  Value fallback;                    // the default; monostate: none
  bool required = false;             // the recipe has to give it
  std::optional<double> low, high;   // inclusive limits, of each element in a list
  std::vector<std::string> choices;  // texts: the legal ones; empty: any
  std::string unit, help;
};

// A coefficient that the recipe makes constant, learnt or scheduled.
struct ScalarSchema {
  std::string name;
  double fallback = 0;
  std::optional<double> low, high;
  std::string help;
};

struct PortSchema {
  std::string name;
  std::string shape;  // text; parse_shape() splits it
  bool output = false, optional = false, repeated = false;
  std::string named_by;  // outputs: the list parameter that names them; else empty
  std::string help;
  bool constant = false;                      // inputs: no gradient by design
  std::optional<double> low = {}, high = {};  // inputs: the values it is made for, inclusive
};

struct RequireSchema {
  std::string rule;  // over whole-number parameters and dims: "dim % heads == 0"
  std::string why;
};

// A weight as declared: name below the node ("layer.0.query.weight"), dim expressions. Known only for the default
// values of the parameters; the checker lists a node's weights from it.
struct WeightSchema {
  std::string name;
  std::vector<std::string> dims;
  bool table = false;  // embedding rows: `rows = "touched"` may be said
  bool decays = true;  // false for biases, norms: weight decay leaves them alone
};

// A check of `braid conform` that a component declines.
struct DeclineSchema {
  std::string check, reason;
};

struct ComponentSchema {
  std::string name;  // as recipes say it
  Kind kind = Kind::tower;
  std::string summary, paper, equation, differs;  // About
  std::vector<ParamSchema> params;
  std::vector<ScalarSchema> scalars;
  std::vector<PortSchema> ports;
  std::vector<RequireSchema> requires_;
  std::vector<WeightSchema> weights;
  std::vector<std::string> suffixes;  // readers: file endings they take, ".tsv"
  std::string header;                 // readers: "text" when the first line of the file names columns
  bool fits = false;                  // fields: learns from training rows
  bool media = false;                 // fields: reads files (`media = "..."`), not cells
  bool by_default = false;            // optimizers, schedules: used where a recipe names none
  std::vector<DeclineSchema> declines;

  const PortSchema* port(std::string_view port_name, bool output) const {
    for (const auto& p : ports)
      if (p.output == output && p.name == port_name) return &p;
    return nullptr;
  }
  const ParamSchema* param(std::string_view param_name) const {
    for (const auto& p : params)
      if (p.name == param_name) return &p;
    return nullptr;
  }
};

struct PluginSchema {
  std::string name, version;
  std::vector<ComponentSchema> components;
};

}  // namespace braid
