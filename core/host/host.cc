// Boost.DLL's own file system would need a Boost library.
#define BOOST_DLL_USE_STD_FS

#include "host/host.h"

#include <cxxabi.h>

#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <filesystem>

extern "C" BRAID_API const braid::Stamp braid_sdk_stamp;

namespace braid::host {
namespace {

namespace dll = boost::dll;

// What is open in this process. Never freed, see Host.
struct Opened {
  std::recursive_mutex mutex;
  std::map<std::string, Plugin> by_file;  // canonical path; nodes never move
};
Opened& opened() {
  static auto* const all = new Opened;
  return *all;
}

// Collects what one entry registers; knows which file speaks.
class Collector final : public Registrar {
 public:
  explicit Collector(Plugin& plugin) : plugin_(plugin) {}

 private:
  void add(const char* name, const Facts& facts, Make make) override {
    for (const auto& c : plugin_.components)
      if (c.name == name)
        throw Error(std::string("it registers component '") + name + "' twice\n  fix: give one of them another name");
    plugin_.components.push_back({name, facts, make});
  }
  Plugin& plugin_;
};

// "undefined symbol: _ZN5braid3foo" with the name as it stands in C++.
std::string demangled(std::string text) {
  const auto at = text.find("_Z");
  if (at == std::string::npos) return text;
  auto end = text.find_first_of(" ,;)\n", at);
  if (end == std::string::npos) end = text.size();
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(text.substr(at, end - at).c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 ? text.substr(0, at) + name.get() + text.substr(end) : text;
}

// `reason`: what is wrong, and on lines of their own, each after two blanks, what to do.
[[noreturn]] void refuse(const std::string& file, const std::string& reason) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at <= reason.size();) {
    const auto end = std::min(reason.find('\n', at), reason.size());
    lines.push_back(reason.substr(at, end - at));
    at = end + 1 + (reason.compare(std::min(end + 1, reason.size()), 2, "  ") == 0 ? 2 : 0);
  }
  throw Error("plugin", file, lines.front(), {lines.begin() + 1, lines.end()});
}

std::string loader_says(const std::string& file, const std::string& text) {
  // Boost: "... failed (dlerror system message: TEXT): Bad file descriptor"
  static constexpr std::string_view before = "system message: ", after = "): Bad file descriptor";
  std::string out = text;
  if (const auto at = out.find(before); at != std::string::npos) out.erase(0, at + before.size());
  if (out.ends_with(after)) out.erase(out.size() - after.size());
  out = demangled(out);
  // The loader starts with the file, which the message names already.
  if (const auto at = out.find(file + ": "); at != std::string::npos) out = out.substr(at + file.size() + 2);
  if (out.find("undefined symbol") != std::string::npos)
    return "it cannot be opened: " + out +
           "\n  fix: link the library that has this symbol, or define it; "
           "-Wl,-z,defs (braid.pc brings it) finds such symbols when the plugin is linked";
  return "it cannot be opened: " + out + "\n  fix: build it again; `ldd -r` shows what the loader misses";
}

using EntryFunction = void(Registrar&);

// Opens the file for ever and returns its entry.
EntryFunction* entry_of(const std::string& file) {
  auto* library = new dll::shared_library;  // never closed, see Host
  try {
    library->load(dll::fs::path(file), dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  } catch (const std::exception& e) {
    refuse(file, loader_says(file, e.what()));
  }
  if (!library->has("braid_register"))
    refuse(file,
           "it has a stamp and no entry 'braid_register'\n  fix: end the plugin's file with BRAID_PLUGIN(...) or "
           "BRAID_PLUGIN_OF(...), and link it with the version script that braid.pc names");
  return &library->get<EntryFunction>("braid_register");
}

// Nothing of the file has run when this returns; what it says is what the file's bytes say.
void look_at(const std::string& given, const std::string& file, const Vouch& vouch, Plugin& plugin) {
  const auto passed = cards::pass(given, braid_sdk_stamp);
  if (const auto* stopped = std::get_if<cards::Stopped>(&passed)) refuse(file, stopped->why);
  const auto& as_read = std::get<cards::Passed>(passed);
  if (vouch) {
    const auto voucher = vouch(given);
    if (!voucher.refused.empty()) refuse(file, voucher.refused);
    if (voucher.digest != as_read.file.digest)
      refuse(file, "it changed after its card was read: its digest is " + as_read.file.digest + ", the card's " +
                       voucher.digest + "\n  fix: give the command once more; a child process loads the file first");
  }
  plugin.name = as_read.stamp.plugin;
  plugin.version = as_read.stamp.version;
  plugin.facts = as_read.file;
}

}  // namespace

const Plugin& Host::open(const std::string& given) {
  std::error_code failed;
  const auto whole = std::filesystem::canonical(given, failed).string();
  const auto file = failed ? given : whole;
  const std::lock_guard lock(opened().mutex);
  auto& all = opened().by_file;
  if (const auto found = all.find(file); found != all.end()) return found->second;

  Plugin plugin;
  plugin.file = file;
  look_at(given, file, vouch_, plugin);
  for (const auto& [other, p] : all)
    if (p.name == plugin.name)
      refuse(file, "it carries the plugin name '" + plugin.name + "', and so does " + other +
                       ", which is open already\n  fix: rename one of them in its BRAID_PLUGIN line");
  auto* entry = entry_of(file);
  Collector collector(plugin);
  try {
    entry(collector);
  } catch (...) {
    const auto why = said();
    refuse(file, "its entry function (braid_register) failed: " + why +
                     (why.find("fix: ") == why.npos ? "\n  fix: mend what follows BRAID_PLUGIN_OF in it" : ""));
  }
  if (plugin.components.empty())
    refuse(file, "its entry function registers no component\n  fix: r.component<T>(\"NAME\") in BRAID_PLUGIN_OF");
  return all.emplace(file, std::move(plugin)).first->second;
}

std::unique_ptr<Component> Host::make(const Plugin& plugin, const std::string& component, const Values& values,
                                      const WireCounts& wires, bool describe) {
  const auto found = std::find_if(plugin.components.begin(), plugin.components.end(),
                                  [&](const auto& c) { return c.name == component; });
  if (found == plugin.components.end()) refuse(plugin.file, "it has no component '" + component + "'");
  const auto who = "component '" + component + "' of plugin '" + plugin.name + "'";
  std::unique_ptr<Component> made;
  try {
    made = construct(found->make, values, wires, describe);
  } catch (const Error& e) {
    throw Error(e.diagnostic().in(who));
  } catch (...) {
    Diagnostic what{"plugin", plugin.file, "its constructor failed: " + said()};
    what.notes = {"fix: mend it; what a recipe's author can mend is thrown as braid::Error"};
    throw Fault(what.in(who));
  }
  auto& schema = made->state().schema;
  schema.name = component;
  schema.summary = found->facts.about.summary;
  schema.paper = found->facts.about.paper;
  schema.equation = found->facts.about.equation;
  schema.differs = found->facts.about.differs;
  schema.suffixes = found->facts.suffixes;
  schema.header = found->facts.header;
  schema.fits = found->facts.fits;
  schema.media = found->facts.media;
  schema.by_default = found->facts.by_default;
  schema.declines = found->facts.declines;
  return made;
}

std::unique_ptr<Component> Host::make(const recipe::Use& use, const WireCounts& wires) {
  return make(open(use.plugin_file), use.component, use.values, wires);
}

PluginSchema Host::describe(const std::string& file) {
  const auto& plugin = open(file);
  PluginSchema out{plugin.name, plugin.version, {}};
  for (const auto& c : plugin.components) out.components.push_back(make(plugin, c.name, {}, {}, true)->state().schema);
  return out;
}

}  // namespace braid::host
