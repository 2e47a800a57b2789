#include "wrap.h"

#include <sstream>

namespace braid::tools {

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string out;
  std::istringstream lines(text);
  bool first_line = true;
  for (std::string line; std::getline(lines, line); first_line = false) {
    if (!first_line) out += "\n" + std::string(indent, ' ');
    if (indent + line.size() <= width) {  // as it is: it may be a table's row
      out += line;
      continue;
    }
    const auto lead = line.find_first_not_of(' ');
    out.append(lead, ' ');
    std::size_t column = indent + lead;
    std::istringstream words(line);
    bool first = true;
    for (std::string word; words >> word; first = false) {
      if (!first && column + 1 + word.size() > width)
        out += "\n" + std::string(indent + lead, ' '), column = indent + lead;
      else if (!first) out += ' ', ++column;
      out += word;
      column += word.size();
    }
  }
  return out;
}

std::string bold(const std::string& text, bool shown) { return shown ? "\x1b[1m" + text + "\x1b[0m" : text; }

}  // namespace braid::tools
