#include "dot.h"

#include "cards/child.h"
#include "report/run_files.h"
#include "scratch_folder.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace braid::tools {
namespace {

namespace files = std::filesystem;

std::string program_in_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto file = (folder.empty() ? files::path(".") : files::path(folder)) / name;
    std::error_code error;
    if (files::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0) return file.string();
  }
  return "";
}

}  // namespace

bool place_by_dot(report::Layout& layout) {
  const auto dot = program_in_path("dot");
  const ScratchFolder scratch("dot");
  if (dot.empty() || !scratch.made()) return false;
  const auto in = (scratch.path() / "graph.dot").string(), out = (scratch.path() / "graph.json").string();
  std::ofstream(in) << report::dot_text(layout);
  const auto ended = cards::run_child({dot, "-Tjson0", "-o", out, in}, 20);
  if (ended.how.empty() && report::place_as_dot_says(layout, report::file_text(out))) return true;
  std::cerr << "warning: " << dot << " could not lay the graph out" << (ended.how.empty() ? "" : ": it " + ended.how)
            << "; Braid's own layout is drawn\n";
  return false;
}

}  // namespace braid::tools
