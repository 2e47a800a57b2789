// What the data plane hands to the graph for one step: rows per axis, links between axes, decoded fields, labels.
//
// Everything is plain memory in row-major order; the graph wraps it in tensors without copying. No LibTorch here.
#pragma once

#include "braid/schema.h"
#include "recipe/plan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace braid::data {

constexpr std::size_t element_size(DType type) { return type == DType::floating ? 4 : type == DType::boolean ? 1 : 8; }

// One array. `type` gives the element: float (floating), int64 (whole, id, key), bool (boolean).
struct Array {
  DType type = DType::floating;
  std::vector<std::int64_t> sizes;
  std::shared_ptr<std::byte[]> bytes;  // 64-byte aligned, from memory::pool()
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(bytes.get());
  }
  std::int64_t count() const {
    std::int64_t n = 1;
    for (const auto s : sizes) n *= s;
    return n;
  }
};

// An array with undefined content. Safe from many threads; arrays may outlive what made them.
Array new_array(DType type, std::vector<std::int64_t> sizes);

// A field on an axis. `mask` bool[rows, places] (padded) or bool[rows] (absent rows possible), empty sizes when all
// true.
struct FieldBatch {
  std::vector<Array> values;  // one per output of the field
  Array mask;
  bool masked = false;  // false: every place holds data
};

struct AxisBatch {
  std::int64_t rows = 0;
  Array row;                       // int64[rows]: rows of the table, ascending; 0 the unknown entity.
                                   // The driving table's: the batch's rows, in batch order
  Array key;                       // key[rows]
  Array count;                     // float[rows]: training rows that reach the entity; empty when nobody reads it
  std::vector<FieldBatch> fields;  // per field of the table; empty values when nobody reads it here
};

// A link or list of an event axis, as row numbers of an entity axis. -1: a padded place.
struct LinkBatch {
  int axis = recipe::none;  // the entity axis that `index` counts in
  Array index;              // int64[rows], int64[rows, places], or int64[rows, places, drawn]
                            // of a draw `per` place of a list; used places come first
  Array mask;               // lists: bool[rows, places]; empty sizes when full
  bool masked = false;
};

// Which links have to be given, found once from the plan: every (event axis, link or list, entity axis) that a wire
// uses, and every (axis.row, axis) pair.
struct LinkUse {
  recipe::Wire::Via via;
  int from_axis = recipe::none;  // rows of the result
  int axis = recipe::none;       // gathered axis
  bool operator==(const LinkUse&) const = default;
};
std::vector<LinkUse> link_uses(const recipe::Plan& plan);

struct Batch {
  std::int64_t number = 0;                // of this pass
  std::int64_t rows = 0;                  // of the driving table
  std::vector<std::int64_t> row_numbers;  // of the driving table, in batch order
  std::vector<AxisBatch> axes;            // per Plan::axes
  std::vector<LinkBatch> links;           // per link_uses()
  std::vector<Array> labels;              // per label of the driving table: float[rows], NaN where missing;
                                          // empty when unread
  std::vector<Array> link_keys;           // per link of the driving table: key[rows]; empty when unread
};

}  // namespace braid::data
