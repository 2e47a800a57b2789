// The checks that hold for readers.
#pragma once

#include "conform/guess.h"

#include <string>
#include <string_view>
#include <vector>

namespace braid::conform {

// Failures of one check by name ("records", "broken-files", "memory") on a reader with these values, and examples of
// whole files. Without examples, none of it can be said: that is the failure.
std::vector<std::string> check_reader(std::string_view check, const std::string& use, const ComponentSchema& card,
                                      const Values& values, const std::vector<std::string>& examples);

}  // namespace braid::conform
