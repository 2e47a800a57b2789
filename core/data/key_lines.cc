#include "data/key_lines.h"

#include <algorithm>

namespace braid::data {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  return out;
}

std::string unescaped(std::string_view line) {
  std::string text;
  for (std::size_t k = 0; k < line.size(); ++k) {
    if (line[k] != '\\' || k + 1 == line.size()) text += line[k];
    else if (line[++k] == 'n') text += '\n';
    else if (line[k] == 'r') text += '\r';
    else text += line[k];
  }
  return text;
}

std::vector<std::string> unescaped_lines(std::string_view bytes) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size();) {
    auto end = std::min(bytes.find('\n', at), bytes.size());
    auto line = bytes.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);  // a file of others; inside a text it is written `\r`
    out.push_back(unescaped(line));
  }
  return out;
}

}  // namespace braid::data
