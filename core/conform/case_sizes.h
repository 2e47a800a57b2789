// Sizes with which a component can be made, found by trying; and parameters that are small enough to check fast.
#pragma once

#include "conform/case_plan.h"

#include <optional>
#include <string>

namespace braid::conform {

struct CaseSizes {
  Sizes sizes;
  bool equal_wires = false;
};

// Tried from small and all different to large and equal, with so many rows. Nothing: none was found, and `said` has
// what the component said of the first.
std::optional<CaseSizes> find_sizes(const CasePlan& plan, std::int64_t rows, std::string& said);

// Whole-number parameters above `most` become that, or the least that is legal: small components check fast.
Values shrunk(const ComponentSchema& card, Values values, std::int64_t most);

// Where not all parameters can be small at once: those that can be alone.
Values shrunk_one_by_one(const std::string& use, const ComponentSchema& card, Values values);

}  // namespace braid::conform
