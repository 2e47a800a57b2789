// A folder for files of the moment, gone with its object.
#pragma once

#include <filesystem>
#include <string>

namespace braid::tools {

class ScratchFolder {
 public:
  // In the folder for temporary files, as braid-NAME-XXXXXX.
  explicit ScratchFolder(const std::string& name);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;

  bool made() const { return !path_.empty(); }
  const std::filesystem::path& path() const { return path_; }
  const std::string& wanted() const { return wanted_; }  // for a message, where it could not be made

 private:
  std::string wanted_;
  std::filesystem::path path_;
};

}  // namespace braid::tools
