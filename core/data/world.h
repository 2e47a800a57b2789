// Everything that a Source has loaded, and what its batches are made after. Read-only once made, but for caches.
#pragma once

#include "data/cells.h"
#include "data/lists.h"
#include "data/ranges.h"
#include "data/route.h"
#include "data/splits.h"
#include "data/table.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <tbb/global_control.h>

namespace braid::data {

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
