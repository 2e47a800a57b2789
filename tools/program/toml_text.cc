#include "toml_text.h"

#include <string_view>

namespace braid::tools {

std::string toml_text(const std::string& text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (c == '\t') out += "\\t";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (u < 32 || u == 127) out += "\\u00", out += hex[u >> 4], out += hex[u & 15];
    else out += c;
  }
  return out + "\"";
}

}  // namespace braid::tools
