// Every error tag, with what it means and how to mend it. docs/ERRORS.md is made from these lists and from the
// checker's examples (tools/program/error_examples.h).
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

}  // namespace braid::recipe
