// AutoInt: fields attend to one another, layer by layer.
#include "plugins/parts/field_vectors.h"
#include "plugins/parts/perceptron.h"

#include <braid/plugin.h>

#include <deque>

namespace {

struct AutoInt final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Self-attention among the vectors of a row's fields, and a multilayer perceptron beside it.",
      .paper = "Song et al. 2019, AutoInt, arXiv:1810.11921",
      .equation =
          "eq. 5 to 9; e = relu(heads side by side + W_res e) for each field and layer; "
          "logit = w . [e_1 ... e_n] + MLP([v_1 ... v_n]) + sum of terms",
      .differs =
          "Attention is scaled by 1 / sqrt(width). The perceptron is the paper's AutoInt+; without hidden "
          "layers it is a linear model of the vectors. A row that a wire lacks has a vector of zeros."};

  braid::Param<std::int64_t> layers{*this, "layers", 3, "Layers of attention.", {.low = 1}};
  braid::Param<std::int64_t> heads{*this, "heads", 2, "Heads of each layer.", {.low = 1}};
  braid::Param<std::int64_t> width{*this, "width", 32, "Width of a head.", {.low = 1}};
  parts::Perceptron deep{*this, {128, 64}};
  braid::Ins features{*this, "features", "float?[rows, fields~?, dim]",
                      "one vector per field: feature_embedding's `vectors`, or single vectors of that width"};
  braid::Ins terms{*this,
                   "terms",
                   "float?[rows, terms~?]",
                   "first-order terms, added: feature_embedding's `vector` with dim = 1",
                   {.optional = true}};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};

  struct Layer {
    std::deque<braid::Linear> maps;  // query, key, value, residual
    Layer(braid::Component& owner, std::size_t k) {
      const auto in = std::string(k == 0 ? "dim" : "heads * width");
      for (const auto* name : {"query", "key", "value", "residual"})
        maps.emplace_back(owner, name, in, std::string("heads * width"), braid::Linear::Options{.bias = false});
    }
  };
  braid::Stack<Layer> layer{*this, "layer", static_cast<std::size_t>(layers())};
  braid::Linear attended{*this, "attended", "sum(features.fields) * heads * width", "1", {.bias = false}};

  AutoInt() { deep.make(*this, "deep.", "sum(features.fields) * dim"); }

  void run(braid::Frame& f) override {
    const auto v = parts::side_by_side(f, features, 3);  // [rows, fields, dim]
    auto e = v;
    for (const auto& one : layer) {
      const auto parted = [&](std::size_t map) {  // [rows, heads, fields, width]
        return one.maps[map](e).view({e.size(0), e.size(1), heads(), width()}).transpose(1, 2);
      };
      const auto seen = braid::attention(parted(0), parted(1), parted(2)).transpose(1, 2).flatten(2);
      e = seen.add(one.maps[3](e)).relu();
    }
    auto sum = attended(e.flatten(1)).squeeze(1).add(deep.score(f, v.flatten(1)));
    if (f.wired(terms)) sum = sum.add(parts::side_by_side(f, terms, 2).sum(1));
    f[logit] = sum;
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }
};

}  // namespace

BRAID_PLUGIN(AutoInt, "autoint", "0.1.0")
