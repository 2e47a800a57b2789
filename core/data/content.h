// Of how many rows of a table a field has something to read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace braid::data {

struct Content {
  std::int64_t rows = 0;     // the unknown entity is none of them
  std::int64_t missing = 0;  // no cell, no file, or a cell for which the field has nothing: a key without vector
  std::int64_t broken = 0;   // of those decoded so far
  double share = 0;          // of missing rows; estimated where not all could be looked at
  std::string looked_for;    // "posters/{item}.jpg"; "column 'plot'"
  std::vector<std::string> examples;  // files or cells that were looked for in vain, the first three
  std::int64_t present() const { return rows - missing - broken; }
};

}  // namespace braid::data
