// The part ahead of a plan: which nodes run for the rows of which table, and what of whole axes they read.
#pragma once

#include "data/uses.h"
#include "recipe/serving/serving.h"

#include <string>
#include <vector>

namespace braid::serve {

using Nodes = recipe::Indexed<recipe::NodeId, bool>;

struct Ahead {
  Ahead(const recipe::Plan& plan, const recipe::Serving& side);

  // A source on a whole axis that nodes ahead elsewhere read; kept by an export beside Serving::stored.
  struct Whole {
    recipe::Wire wire;
    std::string name;  // "all_genres.genre.vector"
  };
  recipe::Indexed<recipe::TableId, Nodes> nodes;  // nodes ahead that live on the table's axes, but for whole ones
  Nodes on_whole;                                 // nodes ahead that live on whole axes, and what these need
  std::vector<Whole> whole;
  // Whether a link, a list or another axis leads to a whole axis of the table. Then no entity can come inline: it would
  // have to stand on that axis for every other row too.
  recipe::Indexed<recipe::TableId, bool> closed;

  data::Reads reads(recipe::TableId table,
                    const recipe::Serving& side) const;  // of nodes[table] and of the table's stored fields

 private:
  const recipe::Plan& plan_;
};

// Whether the weights of a serving plan's node stand in an export's file.
Nodes weighted(const recipe::Plan& plan, const recipe::Serving& side, bool lookup_only);

}  // namespace braid::serve
