// A run over a split's rows, its batches prepared ahead by a thread of its own.
#pragma once

#include "data/source.h"
#include "data/world.h"

#include <memory>

namespace braid::data {

// Rows of a split in the order of a pass: ascending, or shuffled as a function of (seed, epoch).
std::vector<std::int32_t> pass_rows(const World& world, const PassOptions& options);

std::unique_ptr<Pass> make_pass(std::shared_ptr<const World> world, const PassOptions& options);

// Threads for the data plane: as the plan says, or all cores less one.
int data_threads(const recipe::DataPlan& plan);

}  // namespace braid::data
