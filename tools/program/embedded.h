// Files carried inside the program: tools/embed makes constants of them.
#pragma once

#include <span>
#include <string_view>

namespace braid::tools {

struct EmbeddedFile {
  std::string_view path;  // below its folder: "tower/my_tower.cc"
  std::string_view text;
};

std::span<const EmbeddedFile> templates();       // the files of tools/program/templates
std::span<const EmbeddedFile> error_examples();  // tools/program/error_examples.diff alone

}  // namespace braid::tools
