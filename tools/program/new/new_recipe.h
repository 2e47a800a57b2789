// `braid new recipe FILE...`, a part of `braid new`.
#pragma once

#include <string>
#include <vector>

namespace braid::tools {

// Writes the recipe to `out`, or to stdout where that is empty. Returns the exit code.
int new_recipe(const std::vector<std::string>& files, const std::string& out);

// Writes a file of `braid new`. Throws Failure naming it.
void write_new_file(const std::string& path, const std::string& text);

}  // namespace braid::tools
