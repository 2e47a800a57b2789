// Texts, one a line: the form of every file of keys or values. A backslash and line breaks inside a text are written
// `\\`, `\n` and `\r`; each line ends with "\n". A text that begins with U+FEFF has a backslash before it, because
// programs put that character before a file's first line and take it away again. plugins/parts/key_lines.h is the same
// rule for plugins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace braid::data {

std::string escaped(std::string_view text);
// Throws Error, with the line's number, for a backslash that escapes nothing; `file` as its place, unless it is empty.
std::vector<std::string> unescaped_lines(std::string_view bytes, const std::string& file = "");

}  // namespace braid::data
