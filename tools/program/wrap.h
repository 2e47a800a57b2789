// Text for a terminal.
#pragma once

#include <string>

namespace braid::tools {

// Text broken into lines of at most `width` columns, each after the first led by `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width = 110);

// A heading or a name, in bold where the terminal shows that.
std::string bold(const std::string& text, bool shown);

}  // namespace braid::tools
