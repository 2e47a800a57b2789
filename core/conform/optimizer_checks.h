// The checks that hold for optimizers and schedules.
#pragma once

#include <braid/optimizer.h>

#include <string>
#include <string_view>
#include <vector>

namespace braid::conform {

// Failures of one check by name ("formula", "touched-rows", "save") on an optimizer with these values.
std::vector<std::string> check_optimizer(std::string_view check, const std::string& use, const Values& values);
// Failures of one check by name ("factor") on a schedule with these values.
std::vector<std::string> check_schedule(std::string_view check, const std::string& use, const Values& values);

}  // namespace braid::conform
