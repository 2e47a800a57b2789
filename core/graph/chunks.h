// Nodes run for many rows of an entity table, some rows at a time.
#pragma once

#include "graph/execution.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace braid::graph {

struct Chunks {
  std::int64_t rows = 0;  // how many there are
  std::int64_t size = 512;
  std::function<std::shared_ptr<const data::Batch>(std::int64_t first, std::int64_t count)> batch;
  std::int64_t most_bytes = -1;  // of all the flows together; -1: whatever they take
};

// What `wires` carry for all of the rows, without gradients: runs `nodes` over one chunk after the other and joins the
// flows. No rows: undefined flows. Nothing where the first chunk shows that the flows would take more than
// `most_bytes`. Throws NodeError.
std::optional<std::vector<Flow>> run_chunks(Execution& execution, const Mode& mode,
                                            const recipe::Indexed<recipe::NodeId, bool>& nodes,
                                            const std::vector<Given>& given, const std::vector<Bound>& wires,
                                            const Chunks& chunks);

}  // namespace braid::graph
