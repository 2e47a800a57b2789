#include "conform/command.h"

#include "conform/findings.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <cstdio>

namespace braid::conform {

std::string checks_table() {
  std::string out = "| Check | Kinds | Proves | Because |\n|---|---|---|---|\n";
  for (const auto& c : all_checks()) {
    out += "| `" + std::string(c.name) + "` | ";
    for (std::size_t k = 0; k < c.kinds.size(); ++k) out += (k ? ", " : "") + std::string(name_of(c.kinds[k]));
    out += " | " + std::string(c.proves) + " | " + std::string(c.because) + " |\n";
  }
  return out;
}

int conform_command(const std::string& file, const std::string& component, const command::Conform& asked,
                    const host::Vouch& vouch) {
  const auto& only = asked.only;
  if (!only.empty() && !find_check(only)) {
    std::vector<std::string> names;
    std::string all;
    for (const auto& c : all_checks()) all += (all.empty() ? "" : ", ") + names.emplace_back(c.name);
    const auto near = recipe::nearest(only, names);
    throw Error("command-line", "braid conform", "there is no check '" + only + "'", {"checks: " + all},
                near.value_or(""));
  }
  host::Host host(vouch);  // what it opened, later ones find open
  const auto& plugin = host.open(file);
  std::vector<Report> reports;
  for (const auto& c : plugin.components)
    if (component.empty() || component == c.name) {
      reports.push_back(prove(plugin.file + "/" + c.name, only));
      if (asked.json) continue;
      if (reports.size() == 1) std::fputs(head_of(reports[0]).c_str(), stdout);
      std::fputs(text_of(reports.back(), asked.cases).c_str(), stdout);
      std::fflush(stdout);
    }
  if (reports.empty()) {
    std::string all;
    for (const auto& c : plugin.components) all += (all.empty() ? "" : ", ") + c.name;
    throw Error("plugin", file, "it has no component '" + component + "'", {"it has " + all});
  }
  if (asked.json) std::fputs(json_of(reports).c_str(), stdout);
  const bool good = std::all_of(reports.begin(), reports.end(), [](const auto& r) { return r.conforms(); });
  return good ? 0 : 1;
}

}  // namespace braid::conform
