// Texts, one a line: the form of every file of keys or values that Braid writes. A backslash and line breaks inside a
// text are written `\\`, `\n` and `\r`; each line ends with "\n". A text that begins with U+FEFF has a backslash before
// it, because programs put that character before a file's first line and take it away again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace braid::text {

inline constexpr std::string_view key_lines_mark = "\xEF\xBB\xBF";

// Appends one line.
inline void add_key_line(std::string& out, std::string_view text) {
  if (text.starts_with(key_lines_mark)) out += '\\';
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  out += '\n';
}

// The texts of all lines. A carriage return before a line's end and a byte order mark before the first line come from
// other programs and are left out. Calls `refuse(line, what)`, which throws, for a backslash that escapes nothing.
template <class Refuse>
std::vector<std::string> read_key_lines(std::string_view bytes, const Refuse& refuse) {
  if (bytes.starts_with(key_lines_mark)) bytes.remove_prefix(key_lines_mark.size());
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = std::min(bytes.find('\n', at), bytes.size());
    auto line = bytes.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    auto& text = out.emplace_back();
    text.reserve(line.size());
    for (std::size_t k = 0; k < line.size(); ++k) {
      if (line[k] != '\\') {
        text += line[k];
        continue;
      }
      const auto rest = line.substr(k + 1);
      if (rest.starts_with('\\')) text += '\\', ++k;
      else if (rest.starts_with('n')) text += '\n', ++k;
      else if (rest.starts_with('r')) text += '\r', ++k;
      else if (k > 0 || !rest.starts_with(key_lines_mark))
        refuse(out.size(),
               "'" + std::string(line) +
                   "' has a backslash that escapes nothing; \\\\, \\n and \\r are a backslash and line breaks");
    }
  }
  return out;
}

// Throws Error, made of one string that names the line.
template <class Error>
std::vector<std::string> read_key_lines(std::string_view bytes) {
  return read_key_lines(bytes, [](std::size_t line, const std::string& what) {
    throw Error("line " + std::to_string(line) + ": " + what);
  });
}

}  // namespace braid::text
