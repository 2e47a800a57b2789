// The values that ports declare ({.low, .high}), and data that leaves them.
#pragma once

#include "recipe/plan/plan.h"

#include <limits>
#include <string>
#include <vector>

namespace braid::data {

struct World;

// What a label or field may be, because of the ports that it is wired to.
struct ValueRange {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  std::string port;  // the first one: "port 'label' of 'click' (binary_cross_entropy)"
  bool bounded() const { return !port.empty(); }
  bool holds(double value) const { return !(value < low) && !(value > high); }  // NaN: missing
};

struct ValueRanges {
  recipe::Indexed<recipe::LabelId, ValueRange> labels;  // of the driving table
  recipe::Indexed<recipe::TableId, recipe::Indexed<recipe::FieldId, ValueRange>> fields;
};
ValueRanges ranges_of(const recipe::Plan& plan);

// Throws Error for kept rows of the driving table whose labels are outside, all labels at once, each with its first
// row.
void check_labels(const World& world);

// "label 'events.clicked' is 5; port ... takes values from 0 to 1".
std::string outside(const std::string& what, double value, const ValueRange& range);

}  // namespace braid::data
