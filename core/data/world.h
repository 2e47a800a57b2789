// Everything that a Source has loaded, and what its batches are made after. Read-only once made, but for caches.
#pragma once

#include "data/cells.h"
#include "data/lists.h"
#include "data/ranges.h"
#include "data/splits.h"
#include "data/table.h"
#include "data/uses.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <tbb/global_control.h>

namespace braid::data {

// The order of work for one batch, found once. A *gather* is what a link, a list or AXIS.row gives for the rows of an
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

struct World {
  recipe::Plan plan;
  std::unique_ptr<tbb::global_control> more_threads;  // when the plan asks for more than there are cores
  Tables tables;
  Complaints complaints;
  Splits splits;
  LinkCounts link_counts;
  recipe::Indexed<recipe::TableId, Lists> lists;  // empty where nothing asks
  std::vector<std::int32_t> train_rows;           // all of the driving table, ascending: what a whole axis of it holds
  recipe::Indexed<recipe::LabelId, std::vector<float>> labels;  // of the driving table, per row; empty when unread
  Budget budget;
  recipe::Indexed<recipe::TableId, recipe::Indexed<recipe::FieldId, std::unique_ptr<FieldCells>>> cells;
  Reads reads;
  ValueRanges ranges;
  Route route;

  struct Encoded {
    std::atomic<std::int64_t> entities{0}, rows{0};
  };
  mutable PerAxis<Encoded> encoded;

  // Whole axes change in training alone, and there only by what fields draw: made by the first batch that needs one.
  mutable std::mutex whole_mutex;
  mutable PerAxis<std::shared_ptr<const AxisBatch>> whole;

  recipe::TableId driving() const { return *plan.train.rows; }
  const Table& table_of(recipe::AxisId axis) const { return tables[plan.axes[axis].table]; }
};

}  // namespace braid::data
