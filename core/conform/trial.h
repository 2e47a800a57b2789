// One case under one check: instances cut, compared and differentiated. What the checks are written with.
#pragma once

#include "conform/braid/conform.h"
#include "conform/wording.h"
#include "sdk/state.h"

#include <string>
#include <utility>
#include <vector>

namespace braid::conform {

// A tensor that ought to get a gradient, made ready for it.
struct Leaf {
  std::string name;  // "input query[1]", "weight words.0.weight"
  at::Tensor value;
  at::Tensor mask;  // of an input; undefined: all of it is there
};

class Trial {
 public:
  using Outputs = Instance::Outputs;
  using Options = Instance::Options;
  using Results = std::vector<std::pair<std::string, at::Tensor>>;  // by name: "output y", "state scores"

  Trial(const Case& test_in, const ComponentSchema& card_in);

  const Case& test;
  const ComponentSchema& card;
  const bool loss, distiller, metric;
  std::vector<std::string> failures;

  void fail(const std::string& what) { failures.push_back(what); }

  std::string wire_name(Instance& one, std::size_t port, std::size_t k) const;
  // No gradient is expected there.
  bool constant(Instance& one, std::size_t port) const;
  // Each output row is a function of its own row.
  bool rows_apart() const;

  // visit(port, wire, Flow&)
  template <class Visit>
  static void each_wire(Instance& one, Visit&& visit) {
    for (std::size_t port = 0; port < one.inputs.size(); ++port)
      for (std::size_t k = 0; k < one.inputs[port].size(); ++k) visit(port, k, one.inputs[port][k]);
  }

  // Inputs on the output's axis become these rows of them, in this order.
  static void cut(Instance& one, const at::Tensor& rows);
  static std::int64_t rows_of(Instance& one) { return one.keys.defined() ? one.keys.size(0) : 0; }

  // What the host reads of an output: hidden places are zero, rows of a loss that it does not count too.
  at::Tensor read(Instance& one, const Flow& flow) const;
  // Outputs as the host reads them, and what a metric appended.
  Results results(Instance& one, Options options) const;

  // One number for all floating outputs, and the sum of its terms' sizes (for rounding errors).
  std::pair<at::Tensor, double> total(Instance& one, Options options) const;
  std::vector<Leaf> leaves(Instance& one) const;
  static void backward(const at::Tensor& sum, std::vector<Leaf>& all);
  static at::Tensor grad_of(const Leaf& leaf);

  // Each result that is not the same, bit for bit, in words: "output y at [1, 2]: 0.2031 the first time, 0.3 the
  // second", where `of_a` is "the first time" and `of_b` "the second".
  static std::vector<std::string> other_bits(const Results& a, const std::string& of_a, const Results& b,
                                             const std::string& of_b);
  // Adds each of them as a failure.
  void same_bits(const std::string& what, const Results& a, const std::string& of_a, const Results& b,
                 const std::string& of_b);
  // Adds one failure that names the results and gradients (of a training call) that are not finite.
  void all_finite(const std::string& when, Instance& one, Options options);

 private:
  at::Tensor counted(Instance& one) const;
};

// A mask with dims of size 1 at its end, as many as `like` has.
at::Tensor widened(at::Tensor mask, const at::Tensor& like);
// A number for every place of a tensor, so that a sum over weighted places tells them apart.
at::Tensor ripple(const at::Tensor& like);
// With a large number for NaN, which is what a metric's missing label reads: two of them count as equal.
at::Tensor nan_equal(const at::Tensor& x);
// rows 0, 1, … n-1
at::Tensor first_rows(std::int64_t n);

}  // namespace braid::conform
