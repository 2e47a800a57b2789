#include "model/run_folder.h"

#include "log/log.h"
#include "model/safetensors.h"
#include "recipe/document/flat.h"
#include "recipe/plan/needed.h"

#include <torch/version.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::model {
namespace {

namespace files = std::filesystem;
using Json = nlohmann::json;

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) throw Error("run-folder", folder, std::string("cannot be opened: ") + std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int why = errno;
  ::close(descriptor_);
  if (why == EWOULDBLOCK)
    throw Error("run-busy", folder, "another process works in this run folder",
                {"wait for it or stop it, or take another folder"});
  log::warning(folder + " cannot be locked (" + std::strerror(why) + "): see that no other process works in it");
  descriptor_ = -1;
}
FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void make_room(const std::string& folder) {
  std::error_code failed;
  if (files::exists(folder) && !files::is_directory(folder))
    throw Error("run-folder", folder, "is there already, and is no folder");
  if (files::exists(folder) && !files::is_empty(folder)) {
    const FolderLock lock(folder);
    int n = 1;
    while (files::exists(folder + "." + std::to_string(n))) ++n;
    const auto aside = folder + "." + std::to_string(n);
    files::rename(folder, aside, failed);
    if (failed) throw Error("file", folder, "cannot be moved to " + aside + ": " + failed.message());
    log::info(folder + " holds an earlier run: moved to " + aside);
  }
  files::create_directories(folder, failed);
  if (failed) throw Error("file", folder, "cannot be made: " + failed.message());
}

void Request::write(const std::string& folder) const {
  const Json out{{"recipe", recipe}, {"from", from},   {"sets", sets},
                 {"splits", splits}, {"seeds", seeds}, {"threads", threads}};
  write_file(folder + "/request.json", out.dump(2) + "\n");
}

Request Request::read(const std::string& folder) {
  if (!files::exists(folder + "/request.json"))
    throw Error("run-folder", folder, "is no run folder that could go on: it has no request.json",
                {"start with `braid train RECIPE --out " + folder + "`"});
  const auto json = Json::parse(read_file(folder + "/request.json"), nullptr, false);
  try {
    return {json.at("recipe"), json.at("from"),  json.at("sets"),
            json.at("splits"), json.at("seeds"), json.at("threads")};
  } catch (const Json::exception&) {
    throw Error("run-folder", folder + "/request.json", "cannot be read");
  }
}

namespace {
std::string hex(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}
}  // namespace

std::string data_of(const Assembly& model) { return hex(model.source->fingerprint()); }

std::optional<std::vector<std::string>> changed_data(const std::string& run, const Assembly& model) {
  const auto lock = Json::parse(read_file(run + "/lock.json"), nullptr, false);
  if (!lock.is_object()) throw Error("run-folder", run + "/lock.json", "is no JSON object");
  if (lock.value("data", "") == data_of(model)) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& table : model.source->report().tables)
    if (lock.value("tables", Json::object()).value(table.name, "") != hex(table.fingerprint)) out.push_back(table.name);
  return out;
}

Json lock_of(const Assembly& model, const RuntimeServices& services) {
  Json lock{{"braid", BRAID_VERSION}, {"torch", TORCH_VERSION}, {"seed", model.plan.train.seed}};
  lock["data"] = data_of(model);
  for (const auto& table : model.source->report().tables) lock["tables"][table.name] = hex(table.fingerprint);
  lock["machine"] = {{"cpu", cpu_model()}, {"threads", services.threads}, {"device", "cpu"}};
  std::map<std::string, std::string> plugins;
  recipe::each_use(model.plan, [&](const recipe::Use& use) {
    if (!use.plugin_file.empty()) plugins[use.plugin] = use.plugin_file;
  });
  for (const auto& [name, file] : plugins)
    lock["plugins"][name] = {{"file", files::path(file).filename().string()}, {"digest", services.digest(file)}};
  return lock;
}

std::vector<std::string> differences(const Json& was, const Json& is, const std::string& recipe_was,
                                     const std::string& recipe_is) {
  std::vector<std::string> out;
  const auto compare = [&](const std::string& what, const Json& a, const Json& b) {
    if (a != b) out.push_back(what + ": was " + text_of(a) + ", is " + text_of(b));
  };
  for (const auto& change : recipe::changes(recipe_was, recipe_is))
    out.push_back("recipe " + change.key + ": was " + change.was.value_or("not there") + ", is " +
                  change.is.value_or("not there"));
  compare("data", was.value("data", Json()), is.value("data", Json()));
  compare("braid", was.value("braid", Json()), is.value("braid", Json()));
  compare("LibTorch", was.value("torch", Json()), is.value("torch", Json()));
  const auto digest = [](const Json& lock, const std::string& plugin) {
    const auto plugins = lock.value("plugins", Json::object());
    return plugins.contains(plugin) ? plugins.at(plugin).value("digest", Json("not there")) : Json("not there");
  };
  std::map<std::string, int> names;
  for (const auto* lock : {&was, &is})
    if (lock->contains("plugins"))
      for (const auto& [name, value] : lock->at("plugins").items()) names[name];
  for (const auto& [name, none] : names) compare("plugin " + name, digest(was, name), digest(is, name));
  return out;
}

std::string measured_by(const Json& lock, const std::string& resolved) {
  auto same = lock;
  same.erase("machine");
  auto text = same.dump();
  const auto keys = recipe::flat_recipe(resolved, "the recipe");
  if (!keys) return "";
  static const std::set<std::string> kept{"train.rows", "train.batch", "train.seed", "train.best", "train.keep"};
  for (const auto& [key, value] : *keys)
    if (!key.starts_with("data.") && (!key.starts_with("train.") || kept.count(key)))
      text += "\n" + key + " = " + value;
  char out[24];
  std::snprintf(out, sizeof out, "%016llx", static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
  return out;
}

std::string machine_difference(const Json& was, const Json& is) {
  const auto a = was.value("machine", Json()), b = is.value("machine", Json());
  return a == b ? "" : "was " + a.dump() + ", is " + b.dump();
}

}  // namespace braid::model
