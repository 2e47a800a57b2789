// `braid diff`: what differs between two recipes after resolution.
#include "commands.h"
#include "places.h"
#include "print.h"
#include "subject.h"

#include "recipe/document/words.h"

#include <braid/diagnostic.h>

#include <map>
#include <set>

namespace braid::tools {
namespace {

using Json = nlohmann::ordered_json;
using recipe::Explained;

constexpr int differs = 3;  // of --exit-code: 1 and 2 are taken by mistakes and faults

struct Side {
  Subject subject;
  std::vector<Explained> values;
  std::map<std::string, const Explained*> by_key;
  const Explained* find(const std::string& key) const {
    const auto at = by_key.find(key);
    return at == by_key.end() ? nullptr : at->second;
  }
};

// What a folder holds is resolved, and read as it stands: without the plugins that it was made with.
bool read(const std::string& argument, Side& side) {
  side.subject = subject_of(argument);
  if (side.subject.folder) {
    auto values = recipe::values_of(side.subject.recipe);
    if (!values) throw Failure("run-folder", side.subject.recipe, "is damaged: it is no TOML");
    side.values = std::move(*values);
  } else {
    auto resolution = resolved(argument, {});
    if (!resolution) return false;
    side.values = std::move(resolution->values);
  }
  for (const auto& value : side.values)
    if (!value.key.starts_with("vars.")) side.by_key[value.key] = &value;  // they are in the values that use them
  return true;
}

struct Difference {
  std::string key;
  const Explained *a, *b;
};

std::vector<Difference> differences(const Side& a, const Side& b) {
  std::vector<Difference> out;
  for (const auto& value : a.values) {
    if (!a.find(value.key)) continue;
    const auto* other = b.find(value.key);
    if (!other || other->value() != value.value()) out.push_back({value.key, &value, other});
  }
  for (const auto& value : b.values)
    if (b.find(value.key) && !a.find(value.key)) out.push_back({value.key, nullptr, &value});
  return out;
}

// The longest way up from `key` that `other` has nothing below: "nodes.facts" when all of that node is missing there.
std::string missing_part(const std::string& key, const Side& other) {
  std::string part = key;
  for (auto cut = key.find_last_of(".["); cut != std::string::npos && cut > 0; cut = part.find_last_of(".[")) {
    const auto above = part.substr(0, cut);
    const auto near = other.by_key.lower_bound(above);
    if (above.find('.') == std::string::npos) break;
    if (near != other.by_key.end() && (near->first.starts_with(above + ".") || near->first.starts_with(above + "[")))
      break;
    part = above;
  }
  return part;
}

std::string text_of(const std::vector<Difference>& all, const Side& a, const Side& b) {
  std::string out = "A  " + a.subject.name + "\nB  " + b.subject.name + "\n";
  if (all.empty()) return out + "\nno value differs\n";
  const auto line = [](const char* letter, const Explained* value) {
    if (!value) return std::string("  ") + letter + "  (not there)\n";
    return std::string("  ") + letter + "  " + value->value() + "    " + place_text(*value) + "\n";
  };
  std::map<std::string, std::size_t> sizes;  // parts that one side lacks: how many values the other has in them
  const auto part_of = [&](const Difference& d) { return missing_part(d.key, d.a ? b : a); };
  for (const auto& d : all)
    if (!d.a || !d.b) ++sizes[(d.a ? "A" : "B") + part_of(d)];
  std::set<std::string> told;
  for (const auto& d : all) {
    if (d.a && d.b) {
      out += "\n" + d.key + "\n" + line("A", d.a) + line("B", d.b);
      continue;
    }
    const auto part = part_of(d);
    const auto name = (d.a ? "A" : "B") + part;
    if (sizes[name] == 1) {
      out += "\n" + d.key + "\n" + line("A", d.a) + line("B", d.b);
    } else if (told.insert(name).second) {
      out += "\n" + part + "\n  only in " + (d.a ? "A" : "B") + ", " + recipe::counted(sizes[name], "value") + "    " +
             place_text(d.a ? *d.a : *d.b) + "\n";
    }
  }
  return out;
}

Json json_of(const std::vector<Difference>& all, const Side& a, const Side& b) {
  const auto side = [](const Explained* value) {
    if (!value) return Json();
    Json out{{"value", value_json(*value->item)}};
    out.update(place_json(*value));
    return out;
  };
  auto list = Json::array();
  for (const auto& d : all) list.push_back({{"key", d.key}, {"a", side(d.a)}, {"b", side(d.b)}});
  return Json{{"a", a.subject.name}, {"b", b.subject.name}, {"differences", list}};
}

struct Diff : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "diff", "Shows what differs between two recipes after resolution.",
      "A and B are recipes, runs' folders or exported ones. A default and the same value written out do not differ."};

  std::string a = argument("A"), b = argument("B");
  bool json = json_option();
  bool exit_code = flag("exit-code", "return 3 when something differs; without it the exit code is 0 then too");
};

int diff(const Diff& asked) {
  Side a, b;
  const bool both = read(asked.a, a) & read(asked.b, b);
  if (!both) return 1;
  const auto all = differences(a, b);
  print(asked.json ? json_of(all, a, b).dump(2) + "\n" : text_of(all, a, b));
  return asked.exit_code && !all.empty() ? differs : 0;
}

}  // namespace

Command diff_command() { return command_of<Diff, diff>(); }

}  // namespace braid::tools
