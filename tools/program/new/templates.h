// The files of tools/program/templates, carried inside the program.
#pragma once

#include <span>
#include <string_view>

namespace braid::tools {

struct Template {
  std::string_view path;  // below tools/program/templates, "tower/my_tower.cc"
  std::string_view text;
};
std::span<const Template> templates();

}  // namespace braid::tools
