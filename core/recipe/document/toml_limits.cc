// What of a recipe's text the TOML library must not see, found from its bytes.
#include "recipe/document/document.h"

#include <algorithm>

namespace braid::recipe {

namespace {

// Calls visit(c, line, column) for every byte outside of strings and comments, line ends included, until it returns
// true.
template <class Visit>
void each_bare_byte(const std::string& toml, Visit&& visit) {
  int line = 1, column = 0;
  enum class In { nothing, comment, basic, literal, long_basic, long_literal } in = In::nothing;
  const auto three = [&](std::size_t k, char c) { return toml.compare(k, 3, std::string(3, c)) == 0; };
  std::size_t k = toml.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (; k < toml.size(); ++k) {
    const char c = toml[k];
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues) ++column;
    switch (in) {
      case In::nothing:
        if (visit(c, line, column)) return;
        if (c == '#') in = In::comment;
        else if (c == '"' || c == '\'') {
          const bool basic = c == '"';
          if (three(k, c)) in = basic ? In::long_basic : In::long_literal, k += 2, column += 2;
          else in = basic ? In::basic : In::literal;
        }
        break;
      case In::comment:
        break;
      case In::basic:
        if (c == '\\' && k + 1 < toml.size() && toml[k + 1] != '\n') ++k, ++column;
        else if (c == '"') in = In::nothing;
        break;
      case In::literal:
        if (c == '\'') in = In::nothing;
        break;
      case In::long_basic:
      case In::long_literal: {
        const char quote = in == In::long_basic ? '"' : '\'';
        if (c == '\\' && in == In::long_basic && k + 1 < toml.size() && toml[k + 1] != '\n') ++k, ++column;
        else if (three(k, quote)) {
          k += 2, column += 2;
          while (k + 1 < toml.size() && toml[k + 1] == quote) ++k, ++column;  // up to two quotes may end the text
          in = In::nothing;
        }
        break;
      }
    }
    if (c == '\n') {
      ++line, column = 0;
      if (in == In::comment || in == In::basic || in == In::literal) {
        in = In::nothing;
        if (visit(c, line, column)) return;
      }
    }
  }
}

// How deep the tables and lists nest that a text opens, from its bytes outside of strings.
class Depth {
 public:
  int after(char c) {
    switch (c) {
      case '\n':
        if (inside_.empty()) key_ = 0, line_start_ = true, heading_ = false;
        return deepest();
      case ' ':
      case '\t':
      case '\r':
        return deepest();
      case '[':
        if (line_start_ && inside_.empty()) {
          heading_ = true;
          header_ = key_ = 0;
          break;
        }
        if (heading_) break;  // the second bracket of [[table]]
        [[fallthrough]];
      case '{':
        inside_.push_back(key_);
        held_ += key_ + 1;
        key_ = 0;
        break;
      case ']':
        if (heading_) {
          header_ = std::max(header_, key_ + 1);
          key_ = 0;
          break;
        }
        [[fallthrough]];
      case '}':
        if (inside_.empty()) break;
        key_ = inside_.back();
        inside_.pop_back();
        held_ -= key_ + 1;
        break;
      case ',':
        key_ = 0;
        break;
      case '.':
        ++key_;
        break;
      default:
        break;
    }
    line_start_ = false;
    return deepest();
  }

 private:
  int deepest() const { return header_ + held_ + key_; }
  std::vector<int> inside_;  // per bracket that is open, the dots of the key in front of it
  int held_ = 0, key_ = 0, header_ = 0;
  bool line_start_ = true, heading_ = false;
};

}  // namespace

std::pair<int, int> first_stray_byte(const std::string& toml) {
  std::pair<int, int> at{0, 0};
  each_bare_byte(toml, [&](char c, int line, int column) {
    if (static_cast<unsigned char>(c) < 0x80) return false;
    return at = {line, column}, true;
  });
  return at;
}

std::pair<int, int> first_too_deep(const std::string& toml) {
  std::pair<int, int> at{0, 0};
  Depth depth;
  each_bare_byte(toml, [&](char c, int line, int column) {
    if (depth.after(c) < deepest_table) return false;
    return at = {line, column}, true;
  });
  return at;
}

}  // namespace braid::recipe
