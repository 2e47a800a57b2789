// Texts, one a line: the form of every file of keys or values. A backslash and line breaks inside a text are written
// `\\`, `\n` and `\r`; each line ends with "\n".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace braid::data {

std::string escaped(std::string_view text);
std::string unescaped(std::string_view line);  // one line, without its break
std::vector<std::string> unescaped_lines(std::string_view bytes);

}  // namespace braid::data
