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

// Entity rows that a link, a list or AXIS.row gives for the rows of an axis.
struct Gather {
  recipe::Wire::Via via;
  int from_axis = recipe::none;
  bool operator==(const Gather&) const = default;
};

// The order of work for one batch, found once.
struct Route {
  std::vector<LinkUse> uses;
  std::vector<Gather> gathers;
  std::vector<int> use_gather;                  // per use
  std::vector<bool> use_trains, gather_trains;  // false: only evaluation and serving ask for it
  std::vector<std::vector<int>> axis_gathers;   // per axis: what puts entities on it
  std::vector<int> axis_order;                  // an axis stands after those that its gathers start from
  std::vector<std::vector<int>> gather_after;   // per axis: gathers that can be answered once it is filled
};
Route make_route(const recipe::Plan& plan);  // throws Error for axes that feed each other

struct World {
  recipe::Plan plan;
  std::unique_ptr<tbb::global_control> more_threads;  // when the plan asks for more than there are cores
  std::size_t driving = 0;
  std::vector<Table> tables;
  Complaints complaints;
  Splits splits;
  std::vector<std::vector<std::uint32_t>> link_counts;    // training rows per entity, per link of the driving table
  std::vector<std::vector<std::unique_ptr<List>>> lists;  // [table][list]; empty where nothing asks
  std::vector<std::int32_t> train_rows;    // all of the driving table, ascending: what a whole axis of it holds
  std::vector<std::vector<float>> labels;  // per label of the driving table and row; empty when unread
  Budget budget;
  std::vector<std::vector<std::unique_ptr<FieldCells>>> cells;  // [table][field]
  Reads reads;
  ValueRanges ranges;
  Route route;

  struct Encoded {
    std::atomic<std::int64_t> entities{0}, rows{0};
  };
  mutable std::vector<Encoded> encoded;  // per axis

  // Whole axes change in training alone, and there only by what fields draw: made by the first batch that needs one.
  mutable std::mutex whole_mutex;
  mutable std::vector<std::shared_ptr<const AxisBatch>> whole;  // per axis

  const Table& table_of(int axis) const {
    return tables[static_cast<std::size_t>(plan.axes[static_cast<std::size_t>(axis)].table)];
  }
};

}  // namespace braid::data
