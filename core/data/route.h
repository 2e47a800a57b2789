// In which order the entities of a batch are gathered along links and lists from axis to axis: planned once.
#pragma once

#include "data/uses.h"

#include <vector>

namespace braid::data {

// A *gather* is what a link, a list or AXIS.row gives for the rows of an
// axis; several uses may share it.
using GatherId = recipe::Id<recipe::Via>;
template <class Item>
using PerAxis = recipe::Indexed<recipe::AxisId, Item>;
struct Route {
  LinkUses uses;
  recipe::Indexed<LinkUseId, GatherId> use_gather;
  recipe::Indexed<GatherId, recipe::Via> gathers;
  recipe::Indexed<LinkUseId, bool> use_trains;    // false: only evaluation and serving ask for it
  recipe::Indexed<GatherId, bool> gather_trains;  // the same
  PerAxis<std::vector<GatherId>> axis_gathers;    // what puts entities on it
  PerAxis<std::vector<GatherId>> gather_after;    // gathers that can be answered once it is filled
  std::vector<recipe::AxisId> axis_order;         // an axis stands after those that its gathers start from
};
Route make_route(const recipe::Plan& plan);  // throws Error for axes that feed each other

}  // namespace braid::data
