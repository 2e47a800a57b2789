// Whether a message says already where: "items.tsv:12: error: ...". The place stands before anything that is quoted: a
// cell or a name may hold the same words.
#pragma once

#include <string_view>

namespace braid::data {

inline bool has_place(std::string_view what) {
  const auto at = what.find(": error: ");
  return at != what.npos && what.substr(0, at).find_first_of("'\"\n") == what.npos;
}

}  // namespace braid::data
