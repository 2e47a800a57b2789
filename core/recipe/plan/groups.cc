#include "recipe/plan/groups.h"

#include "recipe/document/words.h"

namespace braid::recipe {

std::optional<GroupId> group_of(const TrainPlan& train, std::string_view weight) {
  for (const auto group : train.groups.ids())
    if (glob_matches(train.groups[group].match, weight)) return group;
  return std::nullopt;
}

}  // namespace braid::recipe
