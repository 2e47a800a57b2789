// Inputs of any width, projected to one width and added.
#include <braid/plugin.h>

#include <algorithm>

namespace {

struct ProjectedSum final : braid::Fusion {
  static constexpr braid::About about{
      .summary =
          "Projects each input to one width, adds them, and normalises; what is absent adds nothing. With `gates`, "
          "every input but the first starts behind a gate that is shut and learns how far to open it."};

  braid::Param<std::int64_t> dim{*this, "dim", 64, "Width of the result.", {.low = 1}};
  braid::Param<std::vector<double>> drop{
      *this,
      "drop",
      {0.0},
      "Dropout on the inputs before they are projected: one share for all, or one per input.",
      {.low = 0, .high = 0.99}};
  braid::Param<bool> gates{*this, "gates", false,
                           "Multiply each input but the first by a learnt number that starts at zero."};
  braid::Param<bool> norm{*this, "norm", true, "Layer norm on the sum."};
  braid::Ins inputs{*this, "inputs", "float?[rows, width~]", "vectors; rows may be absent"};
  braid::Out vector{*this, "vector", "float[rows, dim]", "the normalised sum"};

  struct Projection {
    braid::Linear linear;
    Projection(braid::Component& owner, std::size_t k)
        : linear(owner, "linear", "inputs." + std::to_string(k) + ".width", "dim") {}
  };
  struct Gate {
    braid::Weight open;
    explicit Gate(braid::Component& owner) : open(owner, "open", {"1"}, {braid::Start::zero}, {.decays = false}) {}
  };
  struct Last {
    braid::Norm norm;
    explicit Last(braid::Component& owner) : norm(owner, "norm", "dim") {}
  };
  braid::Stack<Projection> input{*this, "input", checked_count()};
  braid::Stack<Gate> gate{*this, "gate", gates() ? inputs.count() - std::min<std::size_t>(inputs.count(), 1) : 0};
  braid::Stack<Last> last{*this, "last", norm() ? std::size_t{1} : 0};

  void run(braid::Frame& f) override {
    at::Tensor sum;
    for (std::size_t k = 0; k < inputs.count(); ++k) {
      const auto share = drop().size() == 1 ? drop()[0] : drop()[k];
      auto x = input[k].linear(braid::dropout(f, "input", f.at(inputs, k), share, static_cast<std::int64_t>(k)));
      if (gates() && k > 0) x = x.mul(gate[k - 1].open());
      if (f.masked(inputs, k)) x = x.masked_fill(f.mask(inputs, k).logical_not().unsqueeze(1), 0);
      sum = sum.defined() ? sum.add(x) : x;
    }
    f[vector] = norm() ? last[0].norm(sum) : sum;
  }

 private:
  std::size_t checked_count() const {
    if (drop().size() != 1 && drop().size() != inputs.count())
      throw braid::Error("drop has " + std::to_string(drop().size()) + " shares for " + std::to_string(inputs.count()) +
                         " inputs: write one, or one per input");
    return inputs.count();
  }
};

}  // namespace

BRAID_PLUGIN(ProjectedSum, "projected_sum", "0.1.0")
