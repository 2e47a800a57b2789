// Decoded cells of one field laid out as one tensor: the same for training, evaluation, export and scoring.
#pragma once

#include "braid/field.h"
#include "data/batch.h"
#include "data/lists.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace braid::data {

// A cell after its field's `decode`.
struct Decoded {
  bool present = false;
  Bytes bytes;
};

// The field's one output, sizes known.
struct Layout {
  DType type = DType::floating;
  bool optional_rows = false;      // absent rows carry a mask bit
  int padded = -1;                 // dim that is padded (1 or more), or -1
  std::vector<std::int64_t> dims;  // without rows; the padded one at its bound
  std::int64_t bound() const { return padded < 0 ? 1 : dims[static_cast<std::size_t>(padded - 1)]; }
};

// `component` has been fitted or loaded. Throws Error when the component declares no output or a dim is not known.
Layout layout_of(const recipe::FieldPlan& plan, const Field& component);

// What a field's draws are keyed by, besides row and step.
std::uint64_t field_hash(const std::string& table, const std::string& field);

// One row per cell; `keys` are the rows' entities. The padded dim is as long as the longest cell.
FieldBatch lay_out(const Layout& layout, const Field& component, std::uint64_t name_hash,
                   std::span<const Decoded* const> cells, std::span<const std::uint64_t> keys, const Moment& moment);

}  // namespace braid::data
