// One result of several runs that differ in their seed.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <vector>

namespace braid::train {

// result.json of runs with these seeds: the mean of every number that all of them have, under "spread" its mean and
// sample standard deviation, under "seeds" the seeds.
nlohmann::json mean_of_seeds(const std::vector<std::uint64_t>& seeds, const std::vector<nlohmann::json>& results);

}  // namespace braid::train
