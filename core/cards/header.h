// The first record of a text file: the column names that the recipe checker compares with.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace braid::cards {

// The cells of the first record of `path`, plain or gzip'd, or why they cannot be had. `quote` 0: quotes are text. A
// quoted cell may hold separators, doubled quotes and line ends. A byte-order mark and CR before LF are dropped. At
// most 1 MiB is read.
std::variant<std::vector<std::string>, std::string> first_record(const std::string& path, const std::string& separator,
                                                                 char quote);

}  // namespace braid::cards
