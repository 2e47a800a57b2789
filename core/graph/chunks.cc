#include "graph/chunks.h"

#include "graph/rows.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace braid::graph {

std::optional<std::vector<Flow>> run_chunks(Execution& execution, const Mode& mode,
                                            const recipe::Indexed<recipe::NodeId, bool>& nodes,
                                            const std::vector<Given>& given, const std::vector<Bound>& wires,
                                            const Chunks& chunks) {
  const at::NoGradGuard off;
  std::vector<std::vector<Flow>> parts(wires.size());
  for (std::int64_t first = 0; first < chunks.rows; first += chunks.size) {
    const auto count = std::min(chunks.size, chunks.rows - first);
    execution.run(chunks.batch(first, count), mode, nodes, given);
    std::int64_t bytes = 0;
    for (std::size_t w = 0; w < wires.size(); ++w) {
      auto flow = execution.read(wires[w]);
      bytes += static_cast<std::int64_t>(flow.value.nbytes());
      parts[w].push_back({flow.value.detach(), flow.mask, {}, {}});
    }
    if (first == 0 && chunks.most_bytes >= 0 && bytes / count * chunks.rows > chunks.most_bytes) return std::nullopt;
  }
  std::vector<Flow> out;
  for (auto& some : parts) {
    out.push_back(join(some));
    some.clear();  // or the largest array would be there twice until the last one is joined
  }
  return out;
}

}  // namespace braid::graph
