// What kind of field a column is, by its cells.
#pragma once

#include "guess.h"

namespace braid::tools {

// `event`: of a row that happened, where whole numbers that come again are names of something.
FieldGuess field_of(const Column& column, bool event);

}  // namespace braid::tools
