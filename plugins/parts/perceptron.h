// A multilayer perceptron as a member of a component, with the parameters that a recipe sets:
//
//   parts::Perceptron deep{*this, {128, 64}};                       // declares hidden, activation, drop
//   MyRanker() { deep.make(*this, "deep.", "sum(inputs.dim)"); }    // weights deep.hidden.0.weight ... deep.score.bias
//   f[logit] = deep.score(f, x);                                    // x [rows, in] to float[rows]
//
// h_0 = x, h_k = dropout(activation(W_k h_(k-1) + b_k)), score = w . h_n + b. A component has one, because its
// parameters and its dropout's draws have fixed names. Calls are differentiable and safe from many threads.
#pragma once

#include <braid/kinds.h>

#include <deque>
#include <string>
#include <vector>

namespace parts {

// The functions that a parameter `activation` names: "relu", "gelu", "silu".
inline at::Tensor activated(const std::string& name, const at::Tensor& x) {
  if (name == "relu") return x.relu();
  return name == "gelu" ? braid::gelu(x) : x.mul(x.sigmoid());
}

class Perceptron {
 public:
  Perceptron(braid::Component& owner, std::vector<std::int64_t> widths)
      : hidden{owner, "hidden", std::move(widths), "Widths of the hidden layers; [] is a linear model.", {.low = 1}},
        activation{owner,
                   "activation",
                   std::string("relu"),
                   "After each hidden layer.",
                   {.choices = {"relu", "gelu", "silu"}}},
        drop{owner, "drop", 0.1, "Dropout after each hidden layer, while training.", {.low = 0, .high = 0.99}} {}

  // Makes the hidden layers and the one that gives a number: once, in the component's constructor. `in` is a dim
  // expression. The layer that gives a number may see `beside` more numbers than the last hidden layer gives.
  void make(braid::Component& owner, const std::string& prefix, std::string in, const std::string& beside = "") {
    for (std::size_t k = 0; k < hidden().size(); ++k) {
      const auto next = std::to_string(hidden()[k]);
      layers_.emplace_back(owner, prefix + "hidden." + std::to_string(k), in, next);
      in = next;
    }
    if (!beside.empty()) in += " + " + beside;
    layers_.emplace_back(owner, prefix + "score", in, std::string("1"));
  }

  // x [rows, in] to the last hidden layer's [rows, width]; x itself without hidden layers.
  at::Tensor inside(const braid::Frame& f, at::Tensor x) const {
    for (std::size_t k = 0; k + 1 < layers_.size(); ++k)
      x = braid::dropout(f, "drop", activated(activation(), layers_[k](x)), drop(), static_cast<std::int64_t>(k));
    return x;
  }
  // [rows, width (+ beside)] to float[rows].
  at::Tensor last(const at::Tensor& x) const { return layers_.back()(x).squeeze(1); }
  at::Tensor score(const braid::Frame& f, const at::Tensor& x) const { return last(inside(f, x)); }

  braid::Param<std::vector<std::int64_t>> hidden;
  braid::Param<std::string> activation;
  braid::Param<double> drop;

 private:
  std::deque<braid::Linear> layers_;
};

}  // namespace parts
