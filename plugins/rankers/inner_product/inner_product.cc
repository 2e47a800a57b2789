// Scores a row's item, and a list of candidates, by the inner product with the row's query.
#include <braid/plugin.h>

namespace {

struct InnerProduct final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Scores an item, and a list of candidates, by the inner product with the row's query.",
      .paper =
          "Koren, Bell & Volinsky 2009, Matrix Factorization Techniques for Recommender Systems, "
          "doi:10.1109/MC.2009.263",
      .equation = "eq. 1; logit = scale * query . item, scores = scale * query . candidates",
      .differs = "No biases: a constant number in a vector is one. A row without query or item scores 0."};

  braid::Scalar scale{*this, "scale", 1, "Multiplies the scores."};
  braid::In query{*this, "query", "float?[rows, dim]", "who asks: a user's vector, or a history's"};
  braid::In item{*this, "item", "float?[rows, dim]", "the row's item, for `logit`", {.optional = true}};
  braid::In candidate{
      *this, "candidate", "float?[rows, candidates*, dim]", "items of a list, for `scores`", {.optional = true}};
  braid::Out logit{*this, "logit", "float[rows]", "of the row's item; log-odds where a loss makes it so"};
  braid::Out scores{*this, "scores", "float?[rows, candidates*]", "of the candidates"};

  void infer(braid::Sizes& sizes) const override {
    if (!sizes.contains("item.0.dim") && !sizes.contains("candidate.0.dim"))
      throw braid::Error("there is nothing to score: wire item, or candidate, or both");
  }

  void run(braid::Frame& f) override {
    auto asks = f[query].mul(scale(f));
    if (f.masked(query)) asks = asks.masked_fill(f.mask(query).logical_not().unsqueeze(1), 0);
    if (f.wanted(logit)) {
      if (!f.wired(item)) throw braid::Error("'logit' is that of 'item', which is not wired");
      const auto score = asks.mul(f[item]).sum(1);
      f[logit] = f.masked(item) ? score.masked_fill(f.mask(item).logical_not(), 0) : score;
    }
    if (f.wanted(scores)) {
      if (!f.wired(candidate)) throw braid::Error("'scores' are those of 'candidate', which is not wired");
      const auto score = f[candidate].bmm(asks.unsqueeze(2)).squeeze(2);  // [rows, candidates]
      f[scores] = f.masked(candidate) ? score.masked_fill(f.mask(candidate).logical_not(), 0) : score;
      f.set_mask(scores, f.masked(candidate) ? f.mask(candidate) : at::Tensor());
    }
  }
};

}  // namespace

BRAID_PLUGIN(InnerProduct, "inner_product", "0.1.0")
