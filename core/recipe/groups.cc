#include "recipe/groups.h"

#include "recipe/words.h"

namespace braid::recipe {

int group_of(const TrainPlan& train, std::string_view weight) {
  for (std::size_t g = 0; g < train.groups.size(); ++g)
    if (glob_matches(train.groups[g].match, weight)) return static_cast<int>(g);
  return none;
}

}  // namespace braid::recipe
