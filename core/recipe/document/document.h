// Loads a recipe: TOML files with their includes, merged; --set applied; ${vars} filled in.
#pragma once

#include "recipe/document/diagnostics.h"
#include "recipe/document/item.h"

#include <map>
#include <set>

namespace braid::recipe {

class Document {
 public:
  // Reads `file` (or takes `text` for its content) and everything that it includes. False: no tree can be had, the
  // report says why.
  // Each file is read once: where it is included again, nothing is merged again.
  bool load(const std::string& file, const std::string* text, Report& report);
  // Applies "a.b.c=value"s in their order.
  void apply(const std::vector<std::string>& sets, Report& report);
  // Replaces ${name} in every text by the value of [vars].
  void fill_in(Report& report);

  Item& root() { return *root_; }
  const std::vector<std::string>& files() const { return files_; }
  // Texts that --set replaced, for the question what a --set unwired.
  const std::vector<std::string>& replaced() const { return replaced_; }
  // The place of byte `offset` of a text item, inside the quotes of its file.
  Place inside(const Item& text, std::size_t offset) const;

 private:
  std::unique_ptr<Item> parse(const std::string& file, const std::string* text, const Place& asked, Report& report);
  std::unique_ptr<Item> with_includes(std::unique_ptr<Item> item, const std::string& file, Report& report);
  void set(const std::string& assignment, Report& report);
  void fill_in(Item& item, Report& report);
  void remember(const Item& old);

  std::unique_ptr<Item> root_ = std::make_unique<Item>();
  std::vector<std::string> files_, open_;  // open_: being included just now
  std::set<std::string> read_;             // every file so far, by its one path without links
  std::size_t bytes_ = 0;                  // of all files and of what variables added to them
  std::map<std::string, std::vector<std::string>> lines_;
  std::vector<std::string> replaced_;
  const Item* vars_ = nullptr;
};

// Position of the first byte outside strings and comments that is not ASCII, as (line, column), 0 0 for none. toml++
// 3.3 must not see it.
std::pair<int, int> first_stray_byte(const std::string& toml);

// Bounds that no recipe of a person meets: beyond them lie mistakes of programs that write recipes, and attempts to use
// up the checker's stack, memory or time. docs/RECIPES.md names them.
constexpr int deepest_table = 64;                  // levels of tables and lists, and parts of a dotted key
constexpr std::size_t longest_recipe = 16u << 20;  // bytes of all files, variables filled in
constexpr std::size_t most_files = 1000;           // files of one recipe

// The position of the first table, list or dotted key that nests deeper than `deepest_table`, as (line, column), 0 0
// for none. The TOML library must not see it: it would use up the stack.
std::pair<int, int> first_too_deep(const std::string& toml);

// `path` as seen from `folder`; absolute ones stay.
std::string joined_path(const std::string& folder, const std::string& path);

}  // namespace braid::recipe
