// What training a recipe will take, measured on two small batches.
#pragma once

#include "cards/store.h"
#include "recipe/check/check.h"

#include <string>
#include <vector>

namespace braid::tools {

struct Cost {
  std::int64_t batch = 0;              // of the recipe
  std::int64_t small = 0, larger = 0;  // batches that were measured
  std::int64_t parameters = 0;
  double weights_mib = 0, optimizer_mib = 0;
  double loaded_mib = 0;       // the process with tables and libraries, before the first step
  double activations_mib = 0;  // at `batch`: batches on their way, activations, gradients
  double peak_mib = 0;         // at `batch`: all of it
  double step_seconds = 0;     // at `batch`, waiting for data included
  double memory_mib = 0;       // what this machine, or this container, has
  bool fits() const { return peak_mib <= memory_mib; }
};

// Trains twenty steps at each of two smaller batches in turn, twice, each in a process of its own, and extrapolates:
// an eighth of the recipe's and half of it, or a quarter where half might not fit. Times are medians over the steps.
// Throws std::runtime_error with what a child said when one fails.
Cost measure_cost(const cards::Around& around, const recipe::Plan& plan, const std::string& recipe,
                  const std::vector<std::string>& sets);

std::string text_of(const std::string& recipe, const Cost& cost);

}  // namespace braid::tools
