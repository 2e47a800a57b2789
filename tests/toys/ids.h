// For tests: numbers that are of whatever they are used for, `plan.tables[2_id].links[0_id]`.
#pragma once

#include "recipe/plan/ids.h"

namespace braid::recipe::testing {

struct AnyId {
  std::size_t index;
  template <class Thing>
  constexpr operator Id<Thing>() const {
    return Id<Thing>{index};
  }
};
constexpr AnyId operator""_id(unsigned long long index) { return {static_cast<std::size_t>(index)}; }

}  // namespace braid::recipe::testing
