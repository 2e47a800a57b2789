// Served outputs as answers have them.
#pragma once

#include "sdk/state.h"

#include <string>

namespace braid::serve {

// A served output as answers need it: float[rows, ...] on the CPU, bool[rows] where rows can be absent.
Flow answer_of(const Flow& from);
// One row of it as JSON: a number, or lists of them; null where the row is absent or a number is not finite.
void append_row(std::string& out, const Flow& answer, std::int64_t row);

}  // namespace braid::serve
