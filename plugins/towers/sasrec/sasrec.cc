// Self-attentive sequential recommendation: a causal transformer over the events of a history.
//
// All events of all rows run as one packed matrix: padding costs nothing, and places without an item are not there.
#include <braid/packed.h>
#include <braid/plugin.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace {

struct SasRec final : braid::Tower {
  static constexpr braid::About about{
      .summary = "A causal transformer over a history: what each event, with all that precedes it, says of the next.",
      .paper = "Kang & McAuley 2018, Self-Attentive Sequential Recommendation, arXiv:1808.09781",
      .equation = "eq. 1 to 6; x_j = sqrt(dim) item_j + position_(n - 1 - j), then the blocks, then a layer norm",
      .differs =
          "Layer norm before each half and once at the end, with the residual from before the norm, as in "
          "arXiv:2002.04745; GELU and an inner width of 4 * dim, where the paper has ReLU and dim; one projection "
          "after the heads. Positions count from the last event back, as where histories are aligned to the right. "
          "Dropout leaves the attention's weights alone."};

  braid::Param<std::int64_t> layers{*this, "layers", 2, "Transformer layers.", {.low = 0, .high = 1024}};
  braid::Param<std::int64_t> heads{*this, "heads", 2, "Attention heads; each has dim / heads values.", {.low = 1}};
  braid::Param<std::int64_t> hidden{
      *this, "hidden", 0, "Width inside the feed-forward halves; 0: 4 * dim.", {.low = 0}};
  braid::Param<double> drop{*this,
                            "drop",
                            0.2,
                            "Dropout on the events and on what each half adds. The paper has 0.2 for dense data "
                            "(MovieLens-1M) and 0.5 for sparse.",
                            {.low = 0, .high = 0.99}};
  braid::Param<bool> scale{
      *this, "scale", true,
      "Multiplies the item vectors by sqrt(dim), so that small embeddings stand beside positions."};
  braid::Require shared{*this, "dim % heads == 0", "each head gets an equal share of the width"};
  braid::In history{*this, "history", "float?[rows, places*, dim]",
                    "item vectors through a list, oldest first; a place without an item is as if it had not been"};
  braid::Out states{*this, "states", "float?[rows, places*, dim]",
                    "after each event: it and all that precede it, normalised; scores the event that follows"};
  braid::Out vector{*this, "vector", "float?[rows, dim]",
                    "the state after the last event; absent where the history is empty"};

  braid::Weight position{*this, "position", {"places", "dim"}, {braid::Start::normal, 0.02}, {.decays = false}};
  struct Layer : braid::PreNormLayer {
    Layer(braid::Component& owner, std::size_t k) : PreNormLayer(owner, "dim", "inner", k) {}
  };
  braid::Stack<Layer> layer{*this, "layer", static_cast<std::size_t>(layers())};
  braid::Norm norm_out{*this, "norm_out", "dim"};

  void infer(braid::Sizes& sizes) const override {
    if (hidden() > 0) sizes["inner"] = hidden();
    else if (const auto dim = sizes.find("dim"); dim != sizes.end()) sizes["inner"] = 4 * dim->second;
  }

  void run(braid::Frame& f) override {
    const auto& items = f[history];
    const auto rows = items.size(0), places = items.size(1), dim = items.size(2);
    const auto mask = f.mask(history);  // [rows, places]
    const auto packed = braid::pack(mask);
    if (packed.longest > position().size(0))
      throw braid::Error("a history has " + std::to_string(packed.longest) + " events, its list promised at most " +
                         std::to_string(position().size(0)));

    auto x = braid::gather_rows(items.reshape({rows * places, dim}), packed.from);  // [tokens, dim]
    if (scale()) x = x.mul(std::sqrt(static_cast<double>(dim)));
    x = x.add(braid::gather_rows(position(), from_the_end(packed)));
    x = braid::packed_dropout(f, "events", vector, x, drop(), packed);
    for (const auto& one : layer) x = one(f, vector, x, packed, heads(), drop(), true);
    x = norm_out(x);

    if (f.wanted(states)) f[states] = braid::gather_rows(x, packed.to);
    if (f.wanted(vector)) f[vector] = braid::gather_rows(x, last(packed).to(x.device()));
    const bool masked = f.masked(history);
    f.set_mask(states, masked ? mask : at::Tensor());
    f.set_mask(vector, masked || places == 0 ? mask.any(1) : at::Tensor());
  }

  // int64[tokens]: how many of its row's tokens follow each token.
  static at::Tensor from_the_end(const braid::Packed& packed) {
    const auto n = packed.from.size(0);
    auto lengths = packed.starts.narrow(0, 1, packed.starts.size(0) - 1).to(packed.rank.device());
    const auto row = packed.rank.floor_divide(std::max<std::int64_t>(packed.longest, 1));
    return lengths.index_select(0, row).sub(braid::arange(n, packed.rank)).sub(1);
  }

  // int64[rows]: the last token of each row, -1 where it has none.
  static at::Tensor last(const braid::Packed& packed) {
    const auto n = packed.starts.size(0) - 1;
    const auto ends = packed.starts.narrow(0, 1, n);
    return ends.sub(1).masked_fill(ends.eq(packed.starts.narrow(0, 0, n)), -1);
  }
};

}  // namespace

BRAID_PLUGIN(SasRec, "sasrec", "0.1.0")
