// The serving side of a run's plan, as a plan of its own.
#pragma once

#include "recipe/check/check.h"
#include "recipe/serving/serving.h"

#include <string>

namespace braid::serve {

// What serving_text() wrote, checked. Throws std::logic_error when it is not sound.
recipe::Plan serving_plan(const std::string& text, const std::string& name, const recipe::World& world,
                          const recipe::Fitted& fitted);

// The columns that a field reads.
std::vector<std::string> columns_of(const recipe::FieldPlan& field);

}  // namespace braid::serve
