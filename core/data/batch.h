// What the data plane hands to the graph for one step: rows per axis, links between axes, decoded fields, labels.
//
// Everything is plain memory in row-major order; the graph wraps it in tensors without copying. No LibTorch here.
#pragma once

#include "braid/schema.h"
#include "recipe/plan/plan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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
  Array row;    // int64[rows]: rows of the table, ascending; 0 the unknown entity.
                // The driving table's: the batch's rows, in batch order
  Array key;    // key[rows]
  Array count;  // float[rows]: training rows that reach the entity; empty when nobody reads it
  recipe::Indexed<recipe::FieldId, FieldBatch> fields;  // of the table; empty values when nobody reads it here
};

// A link or list of an event axis, as row numbers of an entity axis. -1: a padded place.
struct LinkBatch {
  recipe::AxisId axis;  // the entity axis that `index` counts in
  Array index;          // int64[rows], int64[rows, places], or int64[rows, places, drawn]
                        // of a draw `per` place of a list; used places come first
  Array mask;           // lists: bool[rows, places]; empty sizes when full
  bool masked = false;
};

// Which links have to be given, found once from the plan: every (event axis, link or list, entity axis) that a wire
// uses, and every (axis.row, axis) pair.
struct LinkUse {
  recipe::Via via;
  recipe::AxisId axis;  // gathered axis
  auto operator<=>(const LinkUse&) const = default;
};
using LinkUseId = recipe::Id<LinkUse>;
using LinkUses = recipe::Indexed<LinkUseId, LinkUse>;
LinkUses link_uses(const recipe::Plan& plan);
// The use that a wire makes; nothing for one that carries its source as it is. Throws std::logic_error where `uses`
// were found from another plan.
std::optional<LinkUseId> use_of(const LinkUses& uses, const recipe::Wire& wire);

struct Batch {
  std::int64_t number = 0;                // of this pass
  std::int64_t rows = 0;                  // of the driving table
  std::vector<std::int64_t> row_numbers;  // of the driving table, in batch order
  recipe::Indexed<recipe::AxisId, AxisBatch> axes;
  recipe::Indexed<LinkUseId, LinkBatch> links;
  // Of the driving table: float[rows] per label, NaN where missing; key[rows] per link. Empty when unread.
  recipe::Indexed<recipe::LabelId, Array> labels;
  recipe::Indexed<recipe::LinkId, Array> link_keys;
};

}  // namespace braid::data
