// `braid list` and `braid describe`.
#include "catalogue.h"

#include "commands.h"
#include "describe.h"
#include "print.h"
#include "recipe/document/words.h"
#include "wrap.h"

#include <braid/diagnostic.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <tuple>

namespace braid::tools {
namespace {

using Json = nlohmann::ordered_json;

struct List : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "list", "Lists the components that recipes can use, by kind, and the plugins that are refused, with the reason."};

  std::string kind = argument("KIND", Need::optional);
  bool json = json_option();
};

struct Describe : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "describe", "Says what a component is: parameters, ports, rules, weights.",
      "NAME is a component (fq_former), a plugin's component (ranking_losses/bpr) or a plugin; FILE a plugin's file."};

  std::string name = argument("NAME|FILE");
  bool json = json_option();
};

Json of_entry(const Entry& e) {
  auto j = cards::to_json(*e.component);
  j["plugin"] = e.plugin->name;
  j["version"] = e.plugin->version;
  j["file"] = *e.file;
  j["state"] = "usable";
  return j;
}

// A plugin that cannot be used: what it holds is not known.
Json of_refused(const cards::Found& f) {
  return {{"name", f.name()}, {"kind", nullptr},    {"summary", ""},      {"plugin", f.name()},
          {"file", f.file},   {"state", "refused"}, {"reason", f.refused}};
}

std::string heading(const std::string& text) { return bold(text, stdout_is_terminal()); }

Kind kind_of(const std::string& text) {
  std::vector<std::string> names, singular;
  for (int k = 0; k < static_cast<int>(std::size(kind_names)); ++k) {
    const auto kind = static_cast<Kind>(k);
    if (text == name_of(kind) || text == plural_of(kind)) return kind;
    singular.emplace_back(name_of(kind));
    names.push_back(singular.back());
    names.push_back(plural_of(kind));
  }
  const auto near = recipe::nearest(text, names);
  throw Failure("command-line", "braid list", "there is no kind '" + text + "'",
                {near ? "" : "the kinds are " + recipe::listed(singular)}, near.value_or(""));
}

int describe_file(const std::string& file, bool json) {
  cards::Store store(cards::around_this_program());
  const auto found = store.find(file);
  if (!found.card) throw Failure("plugin", file, found.refused);
  if (json) return print(cards::to_json(found.card->schema).dump(2) + "\n"), 0;
  std::string out;
  for (const auto& c : found.card->schema.components)
    out += (out.empty() ? "" : "\n\n") + describe(c, found.card->schema, file, stdout_is_terminal());
  print(out);
  return 0;
}

}  // namespace

std::string name_in_recipes(const Entry& e) {
  return e.component->name == e.plugin->name ? e.component->name : e.plugin->name + "/" + e.component->name;
}

std::string refused_text(const std::vector<const cards::Found*>& refused) {
  if (refused.empty()) return "";
  auto out = heading("refused") + "\n";
  for (const auto* f : refused) out += "  " + f->name() + ", " + f->file + "\n    " + wrapped(f->refused, 4) + "\n";
  return out;
}

std::string here() { return std::filesystem::current_path().string(); }

std::vector<Entry> catalogue(const std::vector<cards::Found>& found) {
  std::vector<Entry> out;
  for (const auto& f : found)
    if (f.card)
      for (const auto& c : f.card->schema.components) out.push_back({&c, &f.card->schema, &f.file});
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.component->kind, a.component->name, a.plugin->name) <
           std::tie(b.component->kind, b.component->name, b.plugin->name);
  });
  return out;
}

namespace {

int list(const List& asked) {
  cards::Store store(cards::around_this_program());
  const auto found = store.all(here());
  auto entries = catalogue(found);
  if (!asked.kind.empty()) {
    const auto kind = kind_of(asked.kind);
    std::erase_if(entries, [&](const Entry& e) { return e.component->kind != kind; });
  }
  std::vector<const cards::Found*> refused;  // of any kind: what a plugin holds that is refused is not known
  for (const auto& f : found)
    if (!f.card) refused.push_back(&f);
  if (asked.json) {
    auto all = Json::array();
    for (const auto& e : entries) all.push_back(of_entry(e));
    for (const auto* f : refused) all.push_back(of_refused(*f));
    return print(all.dump(2) + "\n"), 0;
  }
  std::size_t width = 0;
  for (const auto& e : entries) width = std::max(width, name_in_recipes(e).size());
  std::string out;
  const Kind* last = nullptr;
  for (const auto& e : entries) {
    if (!last || *last != e.component->kind) {
      out += (last ? "\n" : "") + heading(plural_of(e.component->kind)) + "\n";
      last = &e.component->kind;
    }
    const auto name = name_in_recipes(e);
    out += "  " + name + std::string(width - name.size() + 2, ' ') +
           wrapped(first_sentence(e.component->summary), width + 4) + "\n";
  }
  if (entries.empty()) out = "no components found; `braid doctor` says where plugins are looked for\n";
  if (!refused.empty()) out += "\n" + refused_text(refused);
  out += "\n" + recipe::counted(entries.size(), "component") + " usable, " + recipe::counted(refused.size(), "plugin") +
         " refused\n";
  print(out);
  return 0;
}

int describe_named(const Describe& asked) {
  const auto& name = asked.name;
  if (name.ends_with(".so") || (name.find('/') != std::string::npos && std::filesystem::exists(name)))
    return describe_file(name, asked.json);
  cards::Store store(cards::around_this_program());
  const auto found = store.all(here());
  std::vector<Entry> chosen;
  std::vector<std::string> names;
  for (const auto& e : catalogue(found)) {
    names.push_back(e.component->name);
    names.push_back(name_in_recipes(e));
    if (name == e.component->name || name == e.plugin->name || name == e.plugin->name + "/" + e.component->name)
      chosen.push_back(e);
  }
  if (chosen.empty()) {
    for (const auto& f : found)
      if (!f.card && f.name() == name) throw Failure("plugin", f.file, f.refused);
    throw Failure("command-line", "braid describe", "there is no component '" + name + "'",
                  {"`braid list` names all of them"}, recipe::nearest(name, names).value_or(""));
  }
  std::string out;
  if (asked.json) {
    auto all = Json::array();
    for (const auto& e : chosen) all.push_back(of_entry(e));
    out = (chosen.size() == 1 ? all[0] : all).dump(2) + "\n";
  } else {
    for (const auto& e : chosen)
      out += (out.empty() ? "" : "\n\n") + describe(*e.component, *e.plugin, *e.file, stdout_is_terminal());
  }
  print(out);
  return 0;
}

}  // namespace

Command list_command() { return command_of<List, list>(); }
Command describe_command() { return command_of<Describe, describe_named>(); }

}  // namespace braid::tools
