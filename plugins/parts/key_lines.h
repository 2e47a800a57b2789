// Texts, one a line: the form of every file of keys or values that Braid writes. A backslash and line breaks inside a
// text are written `\\`, `\n` and `\r`; each line ends with "\n". A text that begins with U+FEFF has a backslash before
// it, because programs put that character before a file's first line and take it away again. core/data/key_lines.h is
// the same rule for the core.
#pragma once

#include <braid/component.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace parts {

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Appends one line.
inline void write_key_line(std::string& out, std::string_view text) {
  if (text.starts_with(byte_order_mark)) out += '\\';
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  out += '\n';
}

// Calls visit(std::string&&) for each line. A carriage return before a line's end and a byte order mark before the
// first line are others' and left out. Throws Error, with the line's number, for a backslash that escapes nothing.
template <class Visit>
void each_key_line(std::string_view bytes, const Visit& visit) {
  if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
  std::size_t number = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = std::min(bytes.find('\n', at), bytes.size());
    auto line = bytes.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string text;
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
      else if (k > 0 || !rest.starts_with(byte_order_mark))
        throw braid::Error("line " + std::to_string(number) + ": '" + std::string(line) +
                           "' has a backslash that escapes nothing; \\\\, \\n and \\r are a backslash and line breaks");
    }
    visit(std::move(text));
  }
}

}  // namespace parts
