// Two texts line by line, as `diff -u` shows them.
#pragma once

#include <string>

namespace braid::tools {

// Unified form with three lines around each change; empty when the texts are equal. `was` and `is` name the texts.
std::string line_diff(const std::string& before, const std::string& after, const std::string& was,
                      const std::string& is);

}  // namespace braid::tools
