// Every error tag, with what it means, how to mend it and an example. docs/ERRORS.md is made from these lists.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace braid::recipe {

struct TagInfo {
  std::string_view tag;      // "unknown-key"
  std::string_view meaning;  // one line
  std::string_view mend;
  bool warning = false;          // told, but the recipe runs
  std::string_view change = "";  // outside of the checker: an example as lines of a difference
};

// Those of the checker, sorted by tag.
std::span<const TagInfo> all_tags();
// Those that commands raise when the recipe is right: data, files, plugins, folders, the command line; sorted by tag.
std::span<const TagInfo> run_tags();

// The example of a tag of the checker, as lines of a difference: those that start with '-' are the mistake, with '+'
// its fix, with ' ' both. They are a recipe together with tests/errors/good/base.toml, or alone where they start with
// `braid = 1` and a table. "#
// --set a=b" stands for one on the command line. Empty where a tag has none.
std::string_view example_of(std::string_view tag);
// The recipe's part with the mistake ('-') or with the fix ('+').
std::string side_of(std::string_view change, char side);

}  // namespace braid::recipe
