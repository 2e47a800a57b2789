#include "column_names.h"

#include <algorithm>
#include <filesystem>

namespace braid::tools {

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string plain(const std::string& name) {
  std::string out;
  for (const char c : name)
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    else if (c >= 'A' && c <= 'Z') out += static_cast<char>(c + 32);
  return out;
}

std::string singular(const std::string& name) {
  if (name.size() > 4 && name.ends_with("ies")) return name.substr(0, name.size() - 3) + "y";
  if (name.size() > 3 && name.ends_with("s") && !name.ends_with("ss")) return name.substr(0, name.size() - 1);
  return name;
}

std::string stem(const std::string& file) {
  auto name = std::filesystem::path(file).filename().string();
  return name.substr(0, name.find('.', 1));
}

std::string in_expression(const std::string& column) {
  static const Words words{"and", "or", "not", "in", "is", "missing", "hash", "train_count"};
  bool identifier = !column.empty() && !(column[0] >= '0' && column[0] <= '9') && !has(words, column);
  for (const char c : column) {
    if (c == '`' || static_cast<unsigned char>(c) < 32) return "";
    identifier = identifier && (c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
  }
  return identifier ? column : "`" + column + "`";
}

std::string Names::legal(const std::string& wanted, const std::string& otherwise) {
  std::string base;
  for (const char c : wanted) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (good) base += c;
    else if (!base.empty() && base.back() != '_') base += '_';
  }
  while (base.ends_with('_')) base.pop_back();
  if (base.empty()) base = otherwise;
  if (base[0] >= '0' && base[0] <= '9') base = "n" + base;
  auto name = base;
  for (int k = 2; has(taken_, name); ++k) name = base + "_" + std::to_string(k);
  taken_.push_back(name);
  return name;
}

}  // namespace braid::tools
