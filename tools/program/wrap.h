// Text for a terminal.
#pragma once

#include <string>

namespace braid::tools {

// Text broken into lines of at most `width` columns, each after the first led by `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width = 110);

}  // namespace braid::tools
