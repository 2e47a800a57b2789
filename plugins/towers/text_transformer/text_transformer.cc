// A transformer over the tokens of one or several texts.
//
// All tokens of all rows run as one packed matrix: padding costs nothing, whatever the lengths, and absent rows are
// never computed. Only what leaves the tower is padded again.
#include <braid/packed.h>
#include <braid/plugin.h>

#include <algorithm>

namespace {

struct TextTransformer final : braid::Tower {
  static constexpr braid::About about{
      .summary =
          "A transformer with layer norm before each half over the tokens of a text, or of several texts in a "
          "row, each with its own positions and, where there are several, a learnt vector that tells which.",
      .paper = "Vaswani et al. 2017, arXiv:1706.03762; Xiong et al. 2020, arXiv:2002.04745 (layer norm first)",
      .differs = "Learnt positions; a layer norm on the embeddings, as in BERT."};

  braid::Param<std::int64_t> dim{*this, "dim", 64, "Width of the tokens.", {.low = 1}};
  braid::Param<std::int64_t> layers{*this, "layers", 2, "Transformer layers.", {.low = 0, .high = 1024}};
  braid::Param<std::int64_t> heads{*this, "heads", 4, "Attention heads; each has dim / heads values.", {.low = 1}};
  braid::Param<std::int64_t> hidden{
      *this, "hidden", 0, "Width inside the feed-forward halves; 0: 2 * dim.", {.low = 0}};
  braid::Param<double> drop{
      *this, "drop", 0, "Dropout on the embeddings and on what each half adds.", {.low = 0, .high = 0.99}};
  braid::Require shared{*this, "dim % heads == 0", "each head gets an equal share of the width"};
  braid::Ins tokens_in{*this, "tokens", "id(n)?[rows, places*~]",
                       "token ids; several texts are read one after the other, all with one vocabulary"};
  braid::Out tokens{*this, "tokens", "float?[rows, sum(tokens.places)*, dim]", "the tokens, in the order of the wires"};
  braid::Out vector{*this, "vector", "float?[rows, dim]", "mean of the row's tokens; absent where it has none"};

  // `inner`, `positions` and `texts` are sizes that infer() adds.
  braid::Table token{*this, "token", "n", "dim", {braid::Start::normal, 0.02}};
  braid::Weight position{*this, "position", {"positions", "dim"}, {braid::Start::normal, 0.02}, {.decays = false}};
  struct Kind {
    braid::Weight rows;
    explicit Kind(braid::Component& owner)
        : rows(owner, "vector", {"dim"}, {braid::Start::normal, 0.02}, {.decays = false}) {}
  };
  braid::Stack<Kind> type{*this, "type", tokens_in.count() > 1 ? tokens_in.count() : 0};
  braid::Norm norm_in{*this, "norm_in", "dim"};
  struct Layer : braid::PreNormLayer {
    Layer(braid::Component& owner, std::size_t k) : PreNormLayer(owner, "dim", "inner", k) {}
  };
  braid::Stack<Layer> layer{*this, "layer", static_cast<std::size_t>(layers())};
  braid::Norm norm_out{*this, "norm_out", "dim"};

  void infer(std::map<std::string, std::int64_t, std::less<>>& sizes) const override {
    sizes["inner"] = hidden() > 0 ? hidden() : 2 * dim();
    std::int64_t most = 0;
    for (std::size_t k = 0; k < std::max<std::size_t>(tokens_in.count(), 1); ++k)
      if (const auto found = sizes.find("tokens." + std::to_string(k) + ".places"); found != sizes.end())
        most = std::max(most, found->second);
    sizes["positions"] = most;
  }

  void run(braid::Frame& f) override {
    const auto wires = tokens_in.count();
    std::vector<at::Tensor> ids, masks, places, kinds;
    bool masked = false;
    for (std::size_t k = 0; k < wires; ++k) {
      const auto& x = f.at(tokens_in, k);
      const auto length = x.size(1);
      if (length > position().size(0))
        throw braid::Error("a text has " + std::to_string(length) + " places, its field promised at most " +
                           std::to_string(position().size(0)));
      masked = masked || f.masked(tokens_in, k);
      ids.push_back(x);
      masks.push_back(f.mask(tokens_in, k));
      places.push_back(braid::arange(length, x));
      kinds.push_back(braid::arange(length, x).mul(0).add(static_cast<std::int64_t>(k)));
    }
    const auto mask = braid::cat(masks, 1);  // [rows, places of all texts]
    const auto packed = braid::pack(mask);
    const auto column = packed.from.remainder(std::max<std::int64_t>(mask.size(1), 1));

    auto x = token(braid::cat(ids, 1).flatten().index_select(0, packed.from));
    x = x.add(braid::gather_rows(position(), braid::cat(places, 0).index_select(0, column)));
    if (wires > 1) {
      std::vector<at::Tensor> vectors;
      for (const auto& kind : type) vectors.push_back(kind.rows());
      x = x.add(braid::gather_rows(braid::stack(vectors, 0), braid::cat(kinds, 0).index_select(0, column)));
    }
    x = braid::packed_dropout(f, "embedding", vector, norm_in(x), drop(), packed);
    for (const auto& one : layer) x = one(f, vector, x, packed, heads(), drop());
    x = norm_out(x);  // [tokens, dim]

    const auto padded = braid::gather_rows(x, packed.to);  // [rows, places, dim], zeros where there is no token
    if (f.wanted(tokens)) f[tokens] = padded;
    if (f.wanted(vector)) f[vector] = padded.sum(1).div(mask.sum(1, true).clamp_min(1));
    f.set_mask(tokens, masked ? mask : at::Tensor());
    f.set_mask(vector, masked ? mask.any(1) : at::Tensor());
  }
};

}  // namespace

BRAID_PLUGIN(TextTransformer, "text_transformer", "0.1.0")
