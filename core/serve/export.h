// `braid export`: from a run folder to a folder that answers requests, or to one table's vectors for other tools.
#pragma once

#include "model/assembly.h"

#include <string>
#include <vector>

namespace braid::serve {

struct ExportRequest {
  std::string run, out;
  std::vector<std::string> sets;  // "a.b.c=value": data that moved
  bool half = false;              // stored floats with 16 bits
  bool lookup_only = false;       // without the nodes that only entities that come inline need
  std::string vectors;            // "content.vector": this output's rows and their keys, and nothing else
};

// Returns the exit code; problems of the recipe go to standard error. Throws Error.
int export_command(const ExportRequest& request, const model::RuntimeServices& services);

}  // namespace braid::serve
