// Which columns name the rows of another table.
#pragma once

#include "guess.h"

#include <cstddef>
#include <string>
#include <vector>

namespace braid::tools {

struct Reference {
  std::size_t from, to;  // tables
  const Column* column;
  const Column* key;
  int strength;
  std::string why;
};

// For each column of each table, the key that it most probably names.
std::vector<Reference> references(const std::vector<TableGuess>& tables);

}  // namespace braid::tools
