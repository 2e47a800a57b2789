// Deep & cross network, second version: layers that multiply by the input, and a perceptron.
#include "plugins/parts/field_vectors.h"
#include "plugins/parts/perceptron.h"

#include <braid/plugin.h>

#include <optional>

namespace {

struct DcnV2 final : braid::Ranker {
  static constexpr braid::About about{
      .summary =
          "Cross layers, each of which multiplies a linear map of what came before by the input, and a "
          "multilayer perceptron after or beside them.",
      .paper = "Wang et al. 2021, DCN V2, arXiv:2008.13535",
      .equation =
          "eq. 1, with rank eq. 2; x_(l+1) = x_0 * (W_l x_l + b_l) + x_l, W_l = U_l V_l' of that rank; "
          "stacked: logit = MLP(x_L), parallel: logit = w . [x_L, hidden layers of MLP(x_0)] + b",
      .differs = "No mixture of experts. A row that a wire lacks reads zeros."};

  braid::Param<std::int64_t> layers{*this, "layers", 3, "Cross layers.", {.low = 1}};
  braid::Param<std::int64_t> rank{
      *this, "rank", 0, "Rank of the cross layers' matrices; 0: full, as wide as the input.", {.low = 0}};
  braid::Param<std::string> structure{*this,
                                      "structure",
                                      std::string("stacked"),
                                      "stacked: the perceptron reads what the cross layers give; parallel: it reads "
                                      "the input, and the last layer sees both.",
                                      {.choices = {"stacked", "parallel"}}};
  parts::Perceptron deep{*this, {256, 256, 256}};
  braid::Ins inputs{*this, "inputs", "float?[rows, dim~]",
                    "vectors of the rows, side by side in the recipe's order: feature_embedding's `vector` and others"};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};

  // W x + b of one layer: one matrix, or two thin ones.
  struct Cross {
    std::optional<braid::Linear> down;
    std::optional<braid::Linear> up;
    Cross(braid::Component& owner, std::size_t) {
      const auto rank = static_cast<DcnV2&>(owner).rank();
      const auto within = rank > 0 ? std::to_string(rank) : std::string("sum(inputs.dim)");
      if (rank > 0)
        down.emplace(owner, "down", braid::DimText("sum(inputs.dim)"), braid::DimText(within),
                     braid::Linear::Options{.bias = false});
      up.emplace(owner, "up", braid::DimText(within), braid::DimText("sum(inputs.dim)"));
    }
    at::Tensor operator()(const at::Tensor& x) const { return (*up)(down ? (*down)(x) : x); }
  };
  braid::Stack<Cross> cross{*this, "cross", static_cast<std::size_t>(layers())};

  DcnV2() { deep.make(*this, "deep.", "sum(inputs.dim)", parallel() ? "sum(inputs.dim)" : ""); }

  void run(braid::Frame& f) override {
    const auto input = parts::side_by_side(f, inputs, 2);  // [rows, width]
    auto x = input;
    for (const auto& layer : cross) x = x.addcmul(input, layer(x));
    f[logit] = parallel() ? deep.last(braid::cat({deep.inside(f, input), x}, 1)) : deep.score(f, x);
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }

 private:
  bool parallel() const { return structure() == "parallel"; }
};

}  // namespace

BRAID_PLUGIN(DcnV2, "dcn_v2", "0.1.0")
