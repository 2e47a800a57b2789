#include "serve/export_folder.h"

#include "log/log.h"
#include "model/safetensors.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::serve {
namespace {

namespace files = std::filesystem;
using Json = nlohmann::json;

Error broken(const std::string& file, const std::string& why) { return Error("export-folder", file, why); }

// Size and xxh3-64 of a file's bytes, read block by block: a mapped file that is cut short meanwhile kills the process.
// Throws Error.
std::pair<std::int64_t, std::string> facts(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw broken(file, std::string("cannot be read: ") + std::strerror(errno));
  const std::shared_ptr<void> close(nullptr, [descriptor](void*) { ::close(descriptor); });
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  std::vector<char> block(1 << 18);
  std::int64_t size = 0;
  while (true) {
    const auto got = ::read(descriptor, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw broken(file, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    XXH3_64bits_update(&state, block.data(), static_cast<std::size_t>(got));
    size += got;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(&state)));
  return {size, text};
}

bool is_export(const std::string& place) {
  std::error_code ignored;
  if (!files::is_regular_file(place + "/manifest.json", ignored)) return false;
  const auto manifest = Json::parse(model::read_file(place + "/manifest.json"), nullptr, false);
  return manifest.is_object() && manifest.contains("format") && manifest["format"].is_string() &&
         manifest["format"].get<std::string>().starts_with("braid-");
}

}  // namespace

NewFolder::NewFolder(const std::string& place) : place_(place) {
  while (place_.size() > 1 && place_.back() == '/') place_.pop_back();
  std::error_code ignored;
  if (files::exists(place_, ignored) && !files::is_directory(place_, ignored)) throw broken(place_, "is no folder");
  if (files::exists(place_, ignored) && !files::is_empty(place_, ignored) && !is_export(place_))
    throw broken(place_, "holds something else than an export; name another folder, or clear it away");
  aside_ = place_ + ".part-" + std::to_string(::getpid());
  try {
    files::remove_all(aside_);
    files::create_directories(aside_);
  } catch (const files::filesystem_error& e) {
    throw Error("file", aside_, "cannot be made: " + e.code().message());
  }
}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (!aside_.empty()) files::remove_all(aside_, ignored);
}

std::string NewFolder::file(const std::string& name) {
  const auto path = aside_ + "/" + name;
  std::error_code ignored;
  files::create_directories(files::path(path).parent_path(), ignored);  // writing tells what went wrong
  files_.push_back(name);
  return path;
}

void NewFolder::commit(Json manifest) {
  for (const auto& name : files_) {
    const auto [size, digest] = facts(aside_ + "/" + name);
    manifest["files"][name] = {{"bytes", size}, {"digest", digest}};
  }
  model::write_file(aside_ + "/manifest.json", manifest.dump(2) + "\n");
  try {
    if (files::exists(place_) && files::is_empty(place_)) files::remove(place_);
    if (files::exists(place_)) {
      int n = 1;
      while (files::exists(place_ + "." + std::to_string(n))) ++n;
      const auto old = place_ + "." + std::to_string(n);
      files::rename(place_, old);
      log::info(place_ + " holds an earlier export: moved to " + old);
    }
    files::rename(aside_, place_);
  } catch (const files::filesystem_error& e) {
    throw Error("file", place_, "cannot take its place: " + e.code().message());
  }
  aside_.clear();
}

Json open_folder(const std::string& place, const recipe::World& world, const model::RuntimeServices& services) {
  const auto path = place + "/manifest.json";
  std::error_code ignored;
  if (!files::is_regular_file(path, ignored))
    throw broken(place, "is no exported model: it has no manifest.json; `braid export RUN --out DIR` makes one");
  auto manifest = Json::parse(model::read_file(path), nullptr, false);
  try {
    if (manifest.is_discarded()) throw broken(path, "is no JSON");
    if (manifest.at("format") != "braid-export")
      throw broken(path, "is the manifest of something else: " + manifest.at("format").dump());
    if (manifest.at("version") != format_version)
      throw broken(path, "has format " + manifest.at("version").dump() + ", this Braid reads " +
                             std::to_string(format_version) + "; export the run again");
    for (const auto& [name, given] : manifest.at("files").items()) {
      const auto [size, digest] = facts(place + "/" + name);
      if (size != given.at("bytes").get<std::int64_t>() || digest != given.at("digest").get<std::string>())
        throw broken(place + "/" + name, "is damaged: its bytes are not those that were exported");
    }
    for (const auto& [name, given] : manifest.at("plugins").items()) {
      const auto found = std::find_if(world.plugins.begin(), world.plugins.end(),
                                      [&, wanted = name](const auto& p) { return p.second.name == wanted; });
      const auto version = given.at("version").get<std::string>();
      if (found == world.plugins.end()) throw broken(path, "needs plugin '" + name + "', which is not installed");
      if (found->second.version != version)
        throw broken(path, "was exported with plugin '" + name + "' " + version + "; installed is " +
                               found->second.version + ": install that version, or export the run again");
      if (services.digest(found->first) != given.at("digest").get<std::string>())
        log::warning(path + ": plugin '" + name + "' " + version +
                     " was built anew since the export; scores may differ in their last digits [export-folder]");
    }
  } catch (const Json::exception& e) {
    throw broken(path, std::string("is no manifest of an export: ") + e.what());
  }
  return manifest;
}

}  // namespace braid::serve
