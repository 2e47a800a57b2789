#include "recipe/check/components.h"

#include "recipe/document/words.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace braid::recipe {

namespace {

std::string recipe_name(const PluginSchema& plugin, const ComponentSchema& component) {
  return plugin.name == component.name ? component.name : plugin.name + "/" + component.name;
}

bool among(Kind kind, const std::vector<Kind>& kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::string kind_words(const std::vector<Kind>& kinds) {
  std::string out;
  for (std::size_t k = 0; k < kinds.size(); ++k)
    out += k == 0 ? with_article(name_of(kinds[k]))
                  : (k + 1 == kinds.size() ? " or " : ", ") + std::string(name_of(kinds[k]));
  return out;
}

}  // namespace

std::vector<std::string> Cards::names(const std::vector<Kind>& kinds) const {
  std::vector<std::string> out;
  for (const auto& [file, plugin] : world_.plugins)
    for (const auto& component : plugin.components)
      if (among(component.kind, kinds)) out.push_back(recipe_name(plugin, component));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Found Cards::find(const Item& name, const std::vector<Kind>& kinds, Report& report) const {
  const auto slash = name.text.find('/');
  const auto plugin_name = name.text.substr(0, slash);
  const auto component_name = slash == std::string::npos ? plugin_name : name.text.substr(slash + 1);

  Found found;
  std::vector<std::string> files;
  for (const auto& [file, plugin] : world_.plugins) {
    if (plugin.name != plugin_name || std::find(files.begin(), files.end(), file) != files.end()) continue;
    for (const auto& component : plugin.components)
      if (component.name == component_name) {
        if (!found) found = {&component, &plugin, &file};
        files.push_back(file);
      }
  }
  if (files.size() > 1) {
    report.error(name.place, "plugin-clash", "two plugins are called " + quote(plugin_name),
                 {"files: " + listed(files), "remove one of them from the search path"});
    return {};
  }
  if (found) {
    if (among(found.schema->kind, kinds)) return found;
    Notes notes;
    note_choices(notes, name.text, names(kinds));
    report.error(name.place, "wrong-kind",
                 quote(name.text) + " is " + with_article(name_of(found.schema->kind)) + ", but " + kind_words(kinds) +
                     " is expected",
                 notes);
    return {};
  }
  for (const auto& [refused, why] : world_.refused)
    if (refused == plugin_name) {
      report.error(name.place, "plugin-refused", "the plugin " + quote(refused) + " was found and cannot be used",
                   {why});
      return {};
    }
  Notes notes;
  for (const auto& [plugin, command] : world_.not_built)
    if (plugin == plugin_name) notes.push_back("the source tree has it, not built yet: " + command);
  for (const auto& [file, plugin] : world_.plugins)
    for (const auto& component : plugin.components)
      if (component.name == component_name && notes.lines.empty())
        notes.push_back("it belongs to the plugin " + quote(plugin.name) + ": write use = \"" +
                        recipe_name(plugin, component) + "\"");
  if (notes.lines.empty()) note_choices(notes, name.text, names(kinds));
  report.error(name.place, "unknown-component", "no component " + quote(name.text), notes);
  return {};
}

Found Cards::reader_for(const std::string& file) const {
  std::string name = file;
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  Found best;
  std::size_t length = 0;
  for (const auto& [plugin_file, plugin] : world_.plugins)
    for (const auto& component : plugin.components) {
      if (component.kind != Kind::reader) continue;
      for (const auto& suffix : component.suffixes)
        if (!suffix.empty() && name.ends_with(suffix) && suffix.size() > length)
          best = {&component, &plugin, &plugin_file}, length = suffix.size();
    }
  return best;
}

std::string Cards::name_in_recipes(const Found& found) { return recipe_name(*found.plugin, *found.schema); }

Found Cards::by_default(Kind kind, const Place& place, Report& report) const {
  std::vector<Found> all;
  for (const auto& [file, plugin] : world_.plugins)
    for (const auto& component : plugin.components)
      if (component.kind == kind && component.by_default) all.push_back({&component, &plugin, &file});
  if (all.size() == 1) return all[0];
  const auto kind_name = std::string(braid::name_of(kind));
  if (all.empty()) {
    report.error(place, "missing-key", "no plugin offers a default " + kind_name + ", so it must be named",
                 {kind_name + "s: " + listed(names({kind}))});
    return {};
  }
  std::vector<std::string> each;
  for (const auto& found : all) each.push_back(name_in_recipes(found) + " (" + *found.file + ")");
  report.error(place, "plugin-clash", "several plugins offer the default " + kind_name + ": " + listed(each),
               {"name the one that is meant"});
  return {};
}

std::vector<std::string> Cards::with_param(const std::vector<Kind>& kinds, const std::string& param) const {
  std::vector<std::string> out;
  for (const auto& [file, plugin] : world_.plugins)
    for (const auto& component : plugin.components)
      if (among(component.kind, kinds) && component.param(param)) out.push_back(recipe_name(plugin, component));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> Cards::suffixes() const {
  std::set<std::string> out;
  for (const auto& [file, plugin] : world_.plugins)
    for (const auto& component : plugin.components)
      if (component.kind == Kind::reader) out.insert(component.suffixes.begin(), component.suffixes.end());
  return {out.begin(), out.end()};
}

std::vector<std::string> Cards::mask_removers(bool rows) const {
  const auto masked = [&](const PortSchema& port) {
    const auto shape = parse_shape(port.shape);
    return rows ? shape.optional_rows
                : std::any_of(shape.dims.begin(), shape.dims.end(), [](const Dim& dim) { return dim.padded; });
  };
  std::vector<std::string> out;
  for (const auto& [file, plugin] : world_.plugins)
    for (const auto& component : plugin.components) {
      if (component.kind != Kind::fusion) continue;
      bool takes = false, gives = false;
      for (const auto& port : component.ports) (port.output ? gives : takes) |= port.output != masked(port);
      if (takes && gives) out.push_back(recipe_name(plugin, component));
    }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace braid::recipe
