// Frozen nodes that give the same for an entity in every step, run once instead.
#pragma once

#include "data/source.h"
#include "graph/execution.h"

#include <cstdint>
#include <vector>

namespace braid::train {

// Finds the frozen nodes that the losses need and that depend on one entity table's fields alone, these placed without
// the draws of training: the towers of a teacher. What other nodes read of them is computed for all rows of the table,
// before training, and looked up in each step; their fields are not decoded for batches any more. Nodes whose outputs
// would take more than `most_bytes` stay where they are.
class Settled {
 public:
  // Weights have to be in place. Costs one pass over the tables that have such nodes, and nothing where none has.
  Settled(const recipe::Plan& plan, data::Source& source, const graph::Model& model, std::int64_t most_bytes);

  // Whether a training step still runs a node.
  const recipe::Indexed<recipe::NodeId, bool>& rest() const { return rest_; }
  // What a step's batch needs of the others.
  std::vector<graph::Given> given(const data::Batch& batch) const;
  std::vector<std::string> names() const;  // of the nodes that run no more

 private:
  struct Kept {
    graph::SlotId slot;
    recipe::AxisId axis;
    Flow rows;  // of the whole table
  };
  void find(const graph::Model& model);
  bool compute(recipe::TableId table, const recipe::Indexed<recipe::NodeId, bool>& nodes, data::Source& source,
               const graph::Model& model, std::int64_t& bytes_left);

  const recipe::Plan& plan_;
  recipe::Indexed<recipe::NodeId, bool> can_, rest_;
  std::vector<Kept> kept_;
};

}  // namespace braid::train
