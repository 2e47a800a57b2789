// A component's parameters and scalars as a recipe gives them.
#pragma once

#include "recipe/check/components.h"

namespace braid::recipe {

// Reads parameters from `keys` into a Use; defaults are filled into the tree, paths resolved, and reported when
// `absent` says so.
Use read_use(Keys& keys, const Found& found, const std::function<bool(const std::string&)>& absent);
// Reads one coefficient: a number, { learn = true, start, log } or { from, to, steps }.
ScalarPlan read_scalar(Keys& keys, const std::string& name, double fallback, std::optional<double> low,
                       std::optional<double> high);

}  // namespace braid::recipe
