// Texts of TOML files that the program writes.
#pragma once

#include <string>

namespace braid::tools {

// A text as TOML says it, in quotes.
std::string toml_text(const std::string& text);

}  // namespace braid::tools
