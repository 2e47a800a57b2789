// Rows of a split as requests, and what the served outputs are for them: what proves that scoring equals evaluation.
#pragma once

#include "command/library_commands.h"
#include "model/assembly.h"

namespace braid::serve {

// `braid eval RUN --split NAME --requests FILE --scores FILE`, of exactly one split, and one file or both: line k of
// both is about the same row, in the order of the data. Keys are texts; an entity that the data know by no key is null.
// Returns the exit code; throws Error.
int rows_as_requests_command(const command::Eval& request, const model::RuntimeServices& services);

}  // namespace braid::serve
