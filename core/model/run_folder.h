// A run folder: who works in it, what was asked for, and what it was made from.
#pragma once

#include "model/assembly.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid::model {

// Held by the one process that works in a run folder; the system lets it go when the process ends, however it ends.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);  // throws Error [run-busy] when another process holds it
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

// An earlier run's folder moves out of the way, to FOLDER.1, FOLDER.2, ...: nothing is lost. Throws Error, too when
// another process works in it.
void make_room(const std::string& folder);

// What `braid train` was asked for; RUN/request.json, the first file that a run writes.
struct Request {
  std::string recipe, from;  // absolute; `from`: the working folder, from which paths in `sets` are seen
  std::vector<std::string> sets, splits;
  std::vector<std::uint64_t> seeds;  // several: this folder holds one run folder for each
  int threads = 0;                   // of LibTorch: another number gives other bits

  void write(const std::string& folder) const;
  static Request read(const std::string& folder);  // throws Error [run-folder]
};

// The data's fingerprint as lock.json has it.
std::string data_of(const Assembly& model);

// Nothing when the data are those that RUN was trained on; else the tables whose cells are others (none where rows fall
// into other splits alone). Throws Error without a lock.
std::optional<std::vector<std::string>> changed_data(const std::string& run, const Assembly& model);

// RUN/lock.json: versions, plugins with digests, the data's fingerprint, seed, machine shape.
nlohmann::json lock_of(const Assembly& model, const RuntimeServices& services);

// What would keep a run from going on to the same bits: braid, LibTorch, plugins, data, recipe. One line each: "plugin
// din: was 1f.., is 2a..". `was`, `is`: locks; the recipes as resolved texts.
std::vector<std::string> differences(const nlohmann::json& was, const nlohmann::json& is, const std::string& recipe_was,
                                     const std::string& recipe_is);
// Names what figures depend on: data, plugins, versions and the recipe, but for how long and how it is trained.
std::string measured_by(const nlohmann::json& lock, const std::string& resolved);
// "" when the machine shape is the same.
std::string machine_difference(const nlohmann::json& was, const nlohmann::json& is);

}  // namespace braid::model
