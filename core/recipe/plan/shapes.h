// Types as people read them: "float?[ratings, history*, 64]". The first dim of a shape is the axis it lives on.
#pragma once

#include "recipe/plan/plan.h"

#include <string>

namespace braid::recipe {

// "ratings", "history", "64"; "places" for a run-time length without a bound, "_" for what is not known.
std::string size_text(const Plan& plan, const Size& size);
// Padded dims carry a '*'; an id's rows stand in ( ), n where they are not known.
std::string type_text(const Plan& plan, const Type& type);
// "content.vector", "rank.logit": an output of a node by its flat number.
std::string output_name(const NodePlan& node, std::size_t output);

}  // namespace braid::recipe
