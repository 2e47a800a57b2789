// Every error tag of the checker, with what it means and how to mend it. docs/ERRORS.md is made from this list.
#pragma once

#include <span>
#include <string_view>

namespace braid::recipe {

struct TagInfo {
  std::string_view tag;      // "unknown-key"
  std::string_view meaning;  // one line
  std::string_view mend;
  bool warning = false;  // told, but the recipe runs
};

// Sorted by tag.
std::span<const TagInfo> all_tags();

}  // namespace braid::recipe
