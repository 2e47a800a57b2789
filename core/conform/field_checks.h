// The checks that hold for fields.
#pragma once

#include "conform/guess.h"

#include <string>
#include <string_view>
#include <vector>

namespace braid::conform {

// Opens and fits a field as its checks do. Throws the field's Error for values that it does not take.
void open_field(const std::string& use, const Values& values, const std::vector<std::string>& examples);

// Failures of one check by name ("cells", "slots", "ports", "evaluation", "save", "threads", "memory") on a field with
// these values and examples of cells. A field without examples gets some of ours: numbers, words, parts with '|'.
std::vector<std::string> check_field(std::string_view check, const std::string& use, const ComponentSchema& card,
                                     const Values& values, const std::vector<std::string>& examples);

}  // namespace braid::conform
