// Which optimizer group a weight is in.
#pragma once

#include "recipe/plan/plan.h"

#include <string_view>

namespace braid::recipe {

// The first group of [train] optimizer whose `match` fits the weight's name, "words.layer.0.query.weight".
std::optional<GroupId> group_of(const TrainPlan& train, std::string_view weight);

}  // namespace braid::recipe
