// Weights as members: layers whose tensors the host makes, saves, freezes and optimises by name.
//
// `braid::Linear query{*this, "query", "dim", "heads * 16"}` in a node called `words` gives the weights
// `words.query.weight` [out, in] and `words.query.bias` [out]. Start values come from (seed, full name) alone.
// All calls are differentiable in x and in the weights, and safe from many threads.
#pragma once

#include <braid/component.h>

#include <deque>

namespace braid {

// How a weight starts. Fans are the last dim (in) and the one before (out).
struct Start {
  enum How { zero, one, constant, normal, uniform, xavier_uniform } how = zero;
  double value = 0;         // constant; standard deviation; half-width of `uniform`
  bool per_fan_in = false;  // `uniform`: half-width is value / sqrt(fan in)
  bool zero_row_0 = false;  // row 0 (the unknown one) starts at zero
};

// A free tensor: `braid::Weight queries{*this, "queries", {"count", "dim"}, {braid::Start::xavier_uniform}}`.
class BRAID_API Weight {
 public:
  struct Options {
    bool decays = true, table = false;
  };
  Weight(Component& owner, const std::string& name, std::vector<DimText> dims, Start start,
         Options options = {false, false});
  const at::Tensor& operator()() const;  // [dims...]

 private:
  Component* owner_;
  std::size_t index_;
};

// y = x W' + b. x [..., in] to [..., out]. The weight starts uniform in +-1/sqrt(in), the bias at zero.
class BRAID_API Linear {
 public:
  struct Options {
    bool bias = true;
    Start start{Start::uniform, 1.0, true};
  };
  Linear(Component& owner, const std::string& name, DimText in, DimText out)
      : Linear(owner, name, in, out, Options{}) {}
  Linear(Component& owner, const std::string& name, DimText in, DimText out, Options options);
  at::Tensor operator()(const at::Tensor& x) const;
  const at::Tensor& weight() const { return weight_(); }  // [out, in]
  at::Tensor bias() const { return has_bias_ ? bias_() : at::Tensor(); }

 private:
  bool has_bias_;
  Weight weight_, bias_;
};

// Embedding rows. ids [...] whole numbers in [0, rows) to [..., dim]. Rows that a step does not touch get no gradient;
// whether they are updated all the same is the recipe's choice (`rows = "all" | "touched"`).
class BRAID_API Table {
 public:
  Table(Component& owner, const std::string& name, DimText rows, DimText dim,
        Start start = {Start::normal, 0.01, false, true});
  at::Tensor operator()(const at::Tensor& ids) const;
  const at::Tensor& weight() const { return weight_(); }  // [rows, dim]

 private:
  Component* owner_;
  Weight weight_;
};

// Layer norm over the last dim, with gain and bias: x [..., dim] to [..., dim]. eps 1e-5.
class BRAID_API Norm {
 public:
  Norm(Component& owner, const std::string& name, DimText dim, double eps = 1e-5);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  double eps_;
  Weight gain_, bias_;
};

namespace detail {
BRAID_API void enter(Component&, const std::string& prefix);  // names declared until leave() start with `prefix.`
BRAID_API void leave(Component&);
}  // namespace detail

// `braid::Stack<Block> layer{*this, "layer", layers}` makes `layers` Blocks whose weights are named layer.0.*,
// layer.1.*. A Block is constructible from (Component&) or (Component&, std::size_t k).
template <class Block>
class Stack {
 public:
  Stack(Component& owner, const std::string& name, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) {
      detail::enter(owner, name + "." + std::to_string(k));
      if constexpr (std::is_constructible_v<Block, Component&, std::size_t>) blocks_.emplace_back(owner, k);
      else blocks_.emplace_back(owner);
      detail::leave(owner);
    }
  }
  const Block& operator[](std::size_t k) const { return blocks_[k]; }
  auto begin() const { return blocks_.begin(); }
  auto end() const { return blocks_.end(); }
  std::size_t size() const { return blocks_.size(); }

 private:
  std::deque<Block> blocks_;  // elements never move
};

}  // namespace braid
