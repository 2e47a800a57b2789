// Cases made out of a component's card alone: values, wires and sizes with which it can be constructed.
#pragma once

#include "conform/making.h"

#include <string>
#include <utility>
#include <vector>

namespace braid::conform {

struct Guess {
  std::string what;  // "every wire, some places hidden, negatives = raw"
  Case test;
  // The same at other sizes of its run-time axes: rows of each axis, places of each padded dim.
  std::vector<std::pair<std::string, Case>> resized;
  bool lean = false;  // another value of a parameter: not for slow checks
};

struct Guesses {
  std::vector<Guess> cases;
  std::vector<std::string> left_out;  // values with which it cannot be constructed, and what it said
  // Values with which its constructor or infer() throws what is no braid::Error, and what.
  std::vector<std::pair<std::string, std::string>> broken;
  std::vector<std::string> never_varied;  // parameters and coefficients that have one value in all cases
};

// For components with `run`. `use` as Case::component.
Guesses guess_cases(const std::string& use, const ComponentSchema& card, const Values& required);

// The case with default parameters and so many rows, for measuring. Throws Error when it cannot be made.
Case guess_at(const std::string& use, const ComponentSchema& card, const Values& required, std::int64_t rows);

}  // namespace braid::conform
