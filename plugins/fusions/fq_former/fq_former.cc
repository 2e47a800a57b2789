// Learnt queries and the tokens of all modalities attend to each other; the queries are what comes out.
//
// Rows are packed: a row's queries stand first, then its tokens, and nothing is computed for padding. Of the last layer
// only the query rows are read, so only they are computed: the result is the same.
#include <braid/packed.h>
#include <braid/plugin.h>

#include <algorithm>
#include <cmath>

namespace {

struct FqFormer final : braid::Fusion {
  static constexpr braid::About about{
      .summary =
          "Joins the tokens of any modalities into a fixed number of queries by self-attention over [queries; "
          "tokens], without feed-forward parts and positions.",
      .paper = "EM3, arXiv:2404.06078",
      .equation = "FQ-Former",
      .differs =
          "Hidden tokens are left out of the attention; the paper's code has a mask and does not use it. Vectors "
          "arrive at width dim; `project` and `type` are ours."};

  braid::Param<std::int64_t> dim{*this, "dim", 64, "Width of queries and tokens.", {.low = 1}};
  braid::Param<std::int64_t> queries_count{*this, "queries", 4, "Learnt queries.", {.low = 1, .high = 4096}};
  braid::Param<std::int64_t> layers{*this, "layers", 1, "Attention layers.", {.low = 1, .high = 1024}};
  braid::Param<std::int64_t> heads{*this, "heads", 4, "Attention heads; each has dim / heads values.", {.low = 1}};
  braid::Param<double> drop{*this, "drop", 0.1, "Dropout on what each layer adds.", {.low = 0, .high = 0.99}};
  braid::Param<bool> project{*this, "project", false,
                             "Project each input to dim first, which lets inputs have other widths."};
  braid::Param<bool> type{*this, "type", false,
                          "Add a learnt vector per input, which tells the queries where a token comes from."};
  braid::Require shared{*this, "dim % heads == 0", "each head gets an equal share of the width"};
  braid::Ins tokens{*this, "tokens", "float?[rows, places*~?, width~]",
                    "token sequences, or single vectors, of one modality each"};
  braid::Out vector{*this, "vector", "float?[rows, dim]",
                    "all queries of the row, projected to one vector; absent where no input has content"};
  braid::Out queries{*this, "queries", "float?[rows, queries, dim]", "the queries after the last layer"};

  braid::Weight query{*this, "query", {"queries", "dim"}, {braid::Start::xavier_uniform}};
  struct Projection {
    braid::Linear linear;
    Projection(braid::Component& owner, std::size_t k)
        : linear(owner, "linear", "tokens." + std::to_string(k) + ".width", "dim") {}
  };
  struct Kind {
    braid::Weight vector;
    explicit Kind(braid::Component& owner)
        : vector(owner, "vector", {"dim"}, {braid::Start::normal, 0.02}, {.decays = false}) {}
  };
  struct Layer {
    braid::Linear query, key_value, out;
    braid::Norm norm;
    explicit Layer(braid::Component& owner)
        : query(owner, "query", "dim", "dim"),
          key_value(owner, "key_value", "dim", "2 * dim"),
          out(owner, "out", "dim", "dim"),
          norm(owner, "norm", "dim", 1e-5) {}
  };
  braid::Stack<Projection> input{*this, "input", project() ? tokens.count() : 0};
  braid::Stack<Kind> kind{*this, "type", type() ? tokens.count() : 0};
  braid::Stack<Layer> layer{*this, "layer", static_cast<std::size_t>(layers())};
  braid::Linear out{*this, "out", "queries * dim", "dim"};

  void infer(std::map<std::string, std::int64_t, std::less<>>& sizes) const override {
    for (std::size_t k = 0; !project() && k < tokens.count(); ++k)
      if (const auto found = sizes.find("tokens." + std::to_string(k) + ".width");
          found != sizes.end() && found->second != dim())
        throw braid::Error("tokens: input " + std::to_string(k) + " is " + std::to_string(found->second) +
                           " wide, dim is " + std::to_string(dim()) +
                           ": make them equal, or let the inputs be projected with project = true");
  }

  void run(braid::Frame& f) override {
    const auto rows = f.at(tokens, 0).size(0), count = queries_count();
    // Source rows of the packed layout: the queries, then every place of every input.
    std::vector<at::Tensor> sources{query()}, masks, numbers{braid::arange(count, query()).expand({rows, count})};
    bool masked = false;
    std::int64_t before = count;
    for (std::size_t k = 0; k < tokens.count(); ++k) {
      auto x = f.at(tokens, k);
      auto mask = f.mask(tokens, k);
      if (x.dim() == 2) x = x.unsqueeze(1), mask = mask.unsqueeze(1);
      masked = masked || f.masked(tokens, k);
      const auto places = rows * x.size(1);
      x = x.reshape({places, x.size(2)});
      if (project()) x = input[k].linear(x);
      if (type()) x = x.add(kind[k].vector());
      sources.push_back(x);
      masks.push_back(mask);
      numbers.push_back(braid::arange(places, x).add(before).view({rows, mask.size(1)}));
      before += places;
    }
    const auto content = braid::cat(masks, 1).any(1);  // bool[rows]
    masks.insert(masks.begin(), content.new_ones({rows, count}));
    const auto packed = braid::pack(braid::cat(masks, 1));
    auto h = braid::gather_rows(braid::cat(sources, 0), braid::cat(numbers, 1).flatten().index_select(0, packed.from));

    const auto first = packed.to.narrow(1, 0, count).flatten();  // the packed places of all queries
    const auto query_starts = braid::arange(rows + 1, packed.starts).mul(count);
    const double scale = 1.0 / std::sqrt(static_cast<double>(dim() / heads()) + 1e-5);
    for (std::size_t k = 0; k < layer.size(); ++k) {
      const auto& one = layer[k];
      const bool is_last = k + 1 == layer.size();
      const auto own = is_last ? braid::gather_rows(h, first) : h;
      const auto a = one.out(braid::packed_attention(
          one.query(own), one.key_value(h), is_last ? query_starts : packed.starts, packed.starts, heads(), scale));
      const auto number = static_cast<std::int64_t>(k);
      // [rows, queries * dim] for the last layer, so that a draw does not depend on how many tokens a row has.
      const auto added =
          is_last ? braid::dropout(f, "last", a.view({rows, count * dim()}), drop(), number).view({rows * count, dim()})
                  : braid::packed_dropout(f, "hidden", vector, a, drop(), packed, number);
      h = one.norm(added.add(own));
    }
    auto all = h.view({rows, count, dim()});
    auto result = out(h.view({rows, count * dim()}));
    if (masked) {
      const auto none = content.logical_not();
      all = all.masked_fill(none.view({rows, 1, 1}), 0);
      result = result.masked_fill(none.unsqueeze(1), 0);
    }
    if (f.wanted(vector)) f[vector] = result;
    if (f.wanted(queries)) f[queries] = all;
    f.set_mask(vector, masked ? content : at::Tensor());
    f.set_mask(queries, masked ? content : at::Tensor());
  }
};

}  // namespace

BRAID_PLUGIN(FqFormer, "fq_former", "0.1.0")
