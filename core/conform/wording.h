// How the checks put things: numbers, places, and what a component threw.
#pragma once

#include <ATen/core/Tensor.h>

#include <braid/diagnostic.h>

#include <optional>
#include <string>
#include <utility>

namespace braid::conform {

// "1 case", "2 cases"
std::string counted(std::size_t n, const std::string& what);

// A number with so many digits; every NaN is "nan", whatever its sign bit.
std::string number_text(double x, int digits = 9);
// Two numbers with as few digits as tell them apart, four at least.
std::pair<std::string, std::string> told_apart(double a, double b);

// Where two tensors of equal sizes are farthest apart, relative to 1 + |want|; nothing: nowhere more than `tolerance`.
// NaN in one of them counts as infinitely far, equal infinities as equal.
struct Apart {
  std::string place;  // "[1, 2]"
  double got = 0, want = 0;
};
std::optional<Apart> farthest(const at::Tensor& got, const at::Tensor& want, double tolerance);

// A mistake as text, without what it happened in: a report names component and file in its head.
std::string without_context(Diagnostic mistake);

// What the exception that is being handled says: without LibTorch's stack, without the names of component and node,
// and a change in place that autograd forbids as what it is. Call it in a catch block.
std::string thrown();

}  // namespace braid::conform
