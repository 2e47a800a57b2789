// An exported model on the disk.
//
//   manifest.json        what is there, with sizes and digests; versions of Braid and of the plugins
//   serve.toml           the serving side as a recipe (`serving = true`)
//   weights.safetensors  of the nodes that serve; with --lookup-only, of those that requests run
//   fields/TABLE.FIELD   saved state of fields
//   keys/TABLE.txt       one key a line (kernels/text/key_lines.h); row i of TABLE's arrays belongs to line i; line 0,
//                        empty, is the unknown entity
//   vectors/NAME.npy     what requests read of tables, one row per entity; NAME.mask.npy beside it where rows or places
//                        can be absent
//   whole/NAME.npy       what entities that come inline read of whole axes
#pragma once

#include "model/assembly.h"

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace braid::serve {

inline constexpr int format_version = 1;

// A folder that is written beside its place. Gone again unless commit() was reached.
class NewFolder {
 public:
  // Throws Error when `place` holds anything but an earlier export.
  explicit NewFolder(const std::string& place);
  ~NewFolder();
  // Where a file goes; its folders are made. commit() puts size and digest of all of them into the manifest.
  std::string file(const std::string& name);
  // Writes the manifest and takes the place; an earlier export is renamed to PLACE.1, PLACE.2, ... first.
  void commit(nlohmann::json manifest);

 private:
  std::string place_, aside_;
  std::vector<std::string> files_;
};

// Reads and proves a folder's manifest: its format, that every file is there with its size and digest, and that the
// plugins it names are installed in the same version (another digest of the same version is a warning). Throws Error
// with the tag [export-folder].
nlohmann::json open_folder(const std::string& place, const recipe::World& world,
                           const model::RuntimeServices& services);

}  // namespace braid::serve
