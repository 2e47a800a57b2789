// The first record of a text file: the column names that the recipe checker compares with.
#pragma once

#include "recipe/check/check.h"

#include <string>
#include <variant>
#include <vector>

namespace braid::cards {

// The names of the columns of `path`, as the reader `delimited` reads them (text/records.h), or why they cannot be had,
// in a sentence that names the file. None where the recipe names them.
std::variant<std::vector<std::string>, std::string> first_record(const std::string& path, const recipe::TextForm& form);

}  // namespace braid::cards
