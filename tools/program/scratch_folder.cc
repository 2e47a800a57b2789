#include "scratch_folder.h"

#include <cstdlib>
#include <system_error>

namespace braid::tools {

ScratchFolder::ScratchFolder(const std::string& name) {
  std::error_code failed;
  wanted_ = (std::filesystem::temp_directory_path(failed) / ("braid-" + name + "-XXXXXX")).string();
  auto made = wanted_;
  if (!failed && ::mkdtemp(made.data())) path_ = made;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (made()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace braid::tools
