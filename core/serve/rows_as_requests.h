// Rows of a split as requests, and what the served outputs are for them: what proves that scoring equals evaluation.
#pragma once

#include "model/assembly.h"

#include <string>
#include <vector>

namespace braid::serve {

struct RowsAsRequests {
  std::string run;
  std::vector<std::string> splits;  // exactly one
  std::vector<std::string> sets;
  std::string requests, scores;  // files; empty: not asked for
};

// `braid eval RUN --split NAME --requests FILE --scores FILE`: line k of both is about the same row, in the order of
// the data. Keys are texts; an entity that the data know by no key is null. Returns the exit code; throws Error.
int rows_as_requests_command(const RowsAsRequests& request, const model::RuntimeServices& services);

}  // namespace braid::serve
