// Metrics over batches, and what a component costs.
#pragma once

#include "conform/guess.h"

#include <string>
#include <vector>

namespace braid::conform {

// The check "batches": a metric's number over one batch, over several, and over none.
std::vector<std::string> check_batches(const Case& test);

struct Cost {
  std::int64_t rows = 0;
  double forward_ms = 0, backward_ms = 0;  // medians of some calls on one thread; backward 0: nothing learns
  std::int64_t bytes = 0;                  // of outputs and of what the backward pass keeps
  std::int64_t parameters = 0;
};

// Three numbers of rows, each four times the one before, up to 1,024 or as many as have inputs of 64 MiB.
std::vector<std::int64_t> cost_rows(const std::string& use, const ComponentSchema& card, const Values& required);

// Default parameters, two wires a repeated port, at so many rows. Throws what the component throws.
Cost cost_at(const std::string& use, const ComponentSchema& card, const Values& required, std::int64_t rows);

}  // namespace braid::conform
