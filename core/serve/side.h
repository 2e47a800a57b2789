// The serving side of a run's plan, as a plan of its own.
#pragma once

#include "recipe/check.h"
#include "recipe/serving.h"

#include <stdexcept>
#include <string>

namespace braid::serve {

// What serving_text() wrote, checked. Throws std::logic_error when it is not sound.
recipe::Plan serving_plan(const std::string& text, const std::string& name, const recipe::World& world,
                          const recipe::Fitted& fitted);

// The table of `plan` with this name; throws std::logic_error.
int same_table(const recipe::Plan& plan, const std::string& name);
// The field, link or list with this name; throws std::logic_error.
template <class Things>
int same_name(const Things& things, const std::string& name) {
  for (std::size_t k = 0; k < things.size(); ++k)
    if (things[k].name == name) return static_cast<int>(k);
  throw std::logic_error("the serving recipe has '" + name + "' of its own");
}

// The columns that a field reads.
std::vector<std::string> columns_of(const recipe::FieldPlan& field);

}  // namespace braid::serve
