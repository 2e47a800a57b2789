#include "data/key_lines.h"

#include "braid/component.h"

#include <algorithm>

namespace braid::data {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string unescaped(std::string_view line, std::size_t number, const std::string& file) {
  std::string out;
  out.reserve(line.size());
  for (std::size_t k = 0; k < line.size(); ++k) {
    if (line[k] != '\\') {
      out += line[k];
      continue;
    }
    const auto rest = line.substr(k + 1);
    if (rest.starts_with('\\')) out += '\\', ++k;
    else if (rest.starts_with('n')) out += '\n', ++k;
    else if (rest.starts_with('r')) out += '\r', ++k;
    else if (k > 0 || !rest.starts_with(byte_order_mark))
      throw Error((file.empty() ? "line " : file + ":") + std::to_string(number) +
                  (file.empty() ? ": '" : ": error: '") + std::string(line) +
                  "' has a backslash that escapes nothing; \\\\, \\n and \\r are a backslash and line breaks" +
                  (file.empty() ? "" : " [file]"));
  }
  return out;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  if (text.starts_with(byte_order_mark)) out += '\\';
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  return out;
}

std::vector<std::string> unescaped_lines(std::string_view bytes, const std::string& file) {
  std::vector<std::string> out;
  if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = std::min(bytes.find('\n', at), bytes.size());
    auto line = bytes.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);  // a file of others; inside a text it is written `\r`
    out.push_back(unescaped(line, out.size() + 1, file));
  }
  return out;
}

}  // namespace braid::data
