// What a command that looks at recipes was given: a recipe, a run's folder, or an exported one.
#pragma once

#include <string>

namespace braid::tools {

struct Subject {
  std::string name;     // as given
  std::string recipe;   // the file: the recipe, a run's resolved.toml or an export's serve.toml
  std::string weights;  // the folder's weights; empty when there are none
  bool folder = false;
};

// Throws Failure for a folder that is neither run nor export; one that holds runs of several seeds names the first.
Subject subject_of(const std::string& argument);

}  // namespace braid::tools
