// Names of columns and tables: compared as people mean them, and written as recipes want them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace braid::tools {

using Words = std::vector<std::string>;

bool has(const Words& words, const std::string& word);

// Letters and digits, in lower case: "User ID" and "user_id" are one name.
std::string plain(const std::string& name);
std::string singular(const std::string& name);
// The name of a file without folder and endings.
std::string stem(const std::string& file);

// A column in an expression; empty when it cannot be said there.
std::string in_expression(const std::string& column);

// Names of one table or recipe: legal, each once.
class Names {
 public:
  explicit Names(Words taken) : taken_(std::move(taken)) {}
  std::string legal(const std::string& wanted, const std::string& otherwise);

 private:
  Words taken_;
};

}  // namespace braid::tools
