#include "describe.h"

#include "wrap.h"

#include "recipe/document/units.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace braid::tools {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// Columns as wide as their widest cell; the last one is wrapped.
std::string table(const Rows& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t k = 0; k + 1 < row.size(); ++k) {
      widths.resize(std::max(widths.size(), k + 1));
      widths[k] = std::max(widths[k], row[k].size());
    }
  std::string out;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (std::size_t k = 0; k + 1 < row.size(); ++k)
      if (widths[k]) line += row[k] + std::string(widths[k] - row[k].size() + 2, ' ');
    line += wrapped(row.back(), line.size());
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

template <class T, class F>
std::string list_text(const std::vector<T>& all, const F& write) {
  std::string out = "[";
  for (std::size_t k = 0; k < all.size(); ++k) out += (k ? ", " : "") + write(all[k]);
  return out + "]";
}

std::string joined(const std::string& a, const std::string& b, const std::string& between) {
  return a.empty() || b.empty() ? a + b : a + between + b;
}

std::string dims_text(const std::vector<std::string>& dims) {
  return list_text(dims, [](const std::string& d) { return d; });
}

}  // namespace

std::string value_text(const Value& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) return "none";
        else if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
        else if constexpr (std::is_same_v<T, std::int64_t>) return std::to_string(v);
        else if constexpr (std::is_same_v<T, double>) return recipe::number_text(v);
        else if constexpr (std::is_same_v<T, std::string>) return quoted(v);
        else if constexpr (std::is_same_v<T, Path>) return quoted(v.text);
        else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>)
          return list_text(v, [](std::int64_t x) { return std::to_string(x); });
        else if constexpr (std::is_same_v<T, std::vector<double>>) return list_text(v, recipe::number_text);
        else return list_text(v, quoted);
      },
      value);
}

std::string range_text(const std::optional<double>& low, const std::optional<double>& high) {
  // 1000000, and not 1e+06
  const auto number = [](double x) {
    const bool whole = std::floor(x) == x && std::abs(x) < 1e15;
    return whole ? std::to_string(static_cast<std::int64_t>(x)) : recipe::number_text(x);
  };
  if (low && high) return number(*low) + " to " + number(*high);
  if (low) return "at least " + number(*low);
  if (high) return "at most " + number(*high);
  return "";
}

std::string range_text(const ParamSchema& param) {
  std::string out = range_text(param.low, param.high);
  for (std::size_t k = 0; k < param.choices.size(); ++k)
    out += (k == 0 ? "" : k + 1 == param.choices.size() ? " or " : ", ") + quoted(param.choices[k]);
  return joined(out, param.unit, out.empty() ? "" : " ");
}

std::string wires_text(const PortSchema& port) {
  if (!port.named_by.empty()) return "one for each of `" + port.named_by + "`";
  if (port.output) return "";
  if (port.repeated) return port.optional ? "any number of wires" : "one wire or more";
  return port.optional ? "one wire or none" : "one wire";
}

std::string first_sentence(const std::string& text) {
  const auto end = text.find(". ");
  return end == std::string::npos ? text : text.substr(0, end + 1);
}

std::string example(const ComponentSchema& c, const std::string& plugin) {
  const auto name = quoted(c.name == plugin ? c.name : plugin + "/" + c.name), use = "use = " + name;
  std::string given;
  for (const auto& p : c.params)
    if (p.required)
      given += ", " + p.name + " = " + (p.type == ParamType::path || p.type == ParamType::text ? "\"...\"" : "...");
  if (c.kind == Kind::field)
    return "[tables.items.fields]\nNAME = { " + use +
           (c.media ? ", media = \"FOLDER/{item}.jpg\"" : ", from = \"COLUMN\"") + given + " }\n";
  if (c.kind == Kind::reader)
    return "[tables.items]\nfile = \"FILE" + (c.suffixes.empty() ? "" : c.suffixes.front()) + "\"\nreader = " + name +
           "\n";
  if (c.kind == Kind::optimizer)
    return "[train]\noptimizer = [{ match = \"*\", " + use + ", rate = 1e-3" + given + " }]\n";
  if (c.kind == Kind::schedule) return "[train]\noptimizer = [{ match = \"*\", schedule = { " + use + given + " } }]\n";
  std::string out = (c.kind == Kind::metric ? "[metrics." : "[nodes.") + std::string("NAME]\n") + use + "\n";
  for (const auto& port : c.ports) {
    if (port.output || port.optional) continue;
    if (c.kind == Kind::metric && (port.name == "score" || port.name == "label" || port.name == "group")) continue;
    out += "in." + port.name + " = " + (port.repeated ? "[\"...\"]" : "\"...\"") + "\n";
  }
  for (const auto& p : c.params)
    if (p.required) out += p.name + " = ...\n";
  return out;
}

namespace {

std::string about_text(const ComponentSchema& c, const std::string& file) {
  Rows rows;
  if (!c.paper.empty()) rows.push_back({"paper", joined(c.paper, c.equation, ", ")});
  if (!c.differs.empty()) rows.push_back({c.paper.empty() ? "note" : "differs", c.differs});
  if (!c.suffixes.empty()) {
    std::string all;
    for (const auto& s : c.suffixes) all = joined(all, s.empty() ? "any other" : s, " ");
    rows.push_back({"files", all});
  }
  if (c.fits) rows.push_back({"fitted", "learns from training rows before the first step"});
  if (c.media) rows.push_back({"media", "reads files named by `media`, not cells"});
  rows.push_back({"file", file});
  return table(rows);
}

// A heading and a table; nothing without rows.
class Sections {
 public:
  explicit Sections(bool bold) : bold_(bold) {}
  void add(const std::string& heading, const std::string& text) { out_ += "\n" + bold(heading, bold_) + "\n" + text; }
  void add(const std::string& heading, const Rows& rows) {
    if (!rows.empty()) add(heading, table(rows));
  }
  const std::string& text() const { return out_; }

 private:
  bool bold_;
  std::string out_;
};

void add_parameters(Sections& out, const ComponentSchema& c) {
  Rows rows;
  std::string examples;
  for (const auto& p : c.params) {
    if (!p.unit.empty() && examples.find(recipe::amount_example(p.unit)) == std::string::npos)
      examples = joined(examples, quoted(recipe::amount_example(p.unit)), ", ");
    rows.push_back({p.name, std::string(name_of(p.type)), p.required ? "required" : "= " + value_text(p.fallback),
                    range_text(p), p.help});
  }
  out.add("Parameters" + (examples.empty() ? "" : "; where a unit stands, a text like " + examples + " is a number"),
          rows);
  rows.clear();
  for (const auto& s : c.scalars)
    rows.push_back({s.name, "= " + recipe::number_text(s.fallback), range_text(s.low, s.high), s.help});
  out.add("Coefficients: a number, { learn = true } or { from, to, steps }", rows);
}

void add_ports(Sections& out, const ComponentSchema& c) {
  for (const bool output : {false, true}) {
    Rows rows;
    for (const auto& p : c.ports)
      if (p.output == output)
        rows.push_back({p.name, p.shape, joined(wires_text(p), range_text(p.low, p.high), ", "), p.help});
    out.add(output ? "Outputs" : "Inputs", rows);
  }
}

}  // namespace

std::string describe(const ComponentSchema& c, const PluginSchema& plugin, const std::string& file, bool bold_shown) {
  Sections out(bold_shown);
  add_parameters(out, c);
  add_ports(out, c);
  Rows rules, weights, declined;
  for (const auto& r : c.requires_) rules.push_back({r.rule, r.why});
  for (const auto& w : c.weights)
    weights.push_back({w.name, dims_text(w.dims), joined(w.table ? "table" : "", w.decays ? "" : "no decay", ", ")});
  for (const auto& d : c.declines) declined.push_back({d.check, d.reason});
  out.add("Rules", rules);
  out.add("Weights, as the defaults make them", weights);
  out.add("Checks of `braid conform` that it declines", declined);
  std::string shown;
  std::istringstream lines(example(c, plugin.name));
  for (std::string line; std::getline(lines, line);) shown += "  " + line + "\n";
  out.add("In a recipe", shown);
  return bold(c.name, bold_shown) + ", " + recipe::with_article(name_of(c.kind)) + " of plugin " + plugin.name + " " +
         plugin.version + "\n\n  " + wrapped(c.summary, 2) + "\n" + about_text(c, file) + out.text();
}

}  // namespace braid::tools
