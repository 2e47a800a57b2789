// Where something was written in a recipe.
#pragma once

#include <braid/diagnostic.h>

#include <string>

namespace braid::recipe {

// `file` is the recipe file as named by the user, or "--set a.b.c=value" with line 0.
struct Place {
  std::string file;
  int line = 0, column = 0;
};

Location location(const Place& place);
// "recipe.toml:14:8", or the file alone where no line is known.
std::string text_of(const Place& place);

}  // namespace braid::recipe
