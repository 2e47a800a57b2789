// The part ahead of a plan: which nodes run for the rows of which table, and what of whole axes they read.
#pragma once

#include "data/uses.h"
#include "recipe/serving.h"

#include <string>
#include <vector>

namespace braid::serve {

struct Ahead {
  Ahead(const recipe::Plan& plan, const recipe::Serving& side);

  // A source on a whole axis that nodes ahead elsewhere read; kept by an export beside Serving::stored.
  struct Whole {
    recipe::Wire wire;
    std::string name;  // "all_genres.genre.vector"
  };
  std::vector<std::vector<bool>> nodes;  // per table: nodes ahead that live on its axes, but for whole ones
  std::vector<bool> on_whole;            // nodes ahead that live on whole axes, and what these need
  std::vector<Whole> whole;
  // Per table: whether a link, a list or another axis leads to a whole axis of it. Then no entity can come inline: it
  // would have to stand on that axis for every other row too.
  std::vector<bool> closed;

  bool any(int table) const;                                        // whether nodes[table] is not empty
  data::Reads reads(int table, const recipe::Serving& side) const;  // of nodes[table] and of the table's stored fields

 private:
  const recipe::Plan& plan_;
};

// Per node of a serving plan: whether its weights stand in an export's file.
std::vector<bool> weighted(const recipe::Plan& plan, const recipe::Serving& side, bool lookup_only);

// The axis that a node's outputs live on; none where they have none.
int axis_of(const recipe::NodePlan& node);

}  // namespace braid::serve
