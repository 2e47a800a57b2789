// Contrastive loss whose negatives are the other rows of the same batch.
#include <braid/plugin.h>

#include <limits>

namespace {

struct InBatchNce final : braid::Loss {
  static constexpr braid::About about{
      .summary = "Pulls each query to its own item and away from the batch's other items.",
      .paper = "van den Oord et al. 2018, arXiv:1807.03748",
      .equation = "eq. 4, with the inner product over a temperature as log density ratio",
      .differs = "Optionally in both directions, and without negatives that are the same entity as the answer."};

  static constexpr braid::Decline declines[] = {{"row-alone", "the batch's other rows are its negatives"}};

  braid::Scalar temperature{
      *this, "temperature", 0.07, "Divides the scores; a smaller value sharpens them.", {.low = 1e-4, .high = 10}};
  braid::Param<bool> symmetric{*this, "symmetric", false,
                               "Also asks each item for its query, and takes the mean of both directions."};
  braid::Param<bool> normalize{*this, "normalize", true, "Scales both sides to length 1 first."};
  braid::In query{*this, "query", "float?[rows, dim]", "one side"};
  braid::In item{*this, "item", "float?[rows, dim]", "other side; row i answers query i"};
  braid::In query_key{*this,
                      "query_key",
                      "key[rows]",
                      "rows with the same key share a query: the other's item is no negative",
                      {.optional = true}};
  braid::In item_key{
      *this, "item_key", "key[rows]", "rows with the same key share an item: it is no negative", {.optional = true}};
  braid::Out loss{*this, "loss", "float?[rows]", "per query, in nats; rows without query or item are left out"};

  void run(braid::Frame& f) override {
    auto q = f[query], x = f[item];
    if (normalize()) q = braid::l2_normalize(q), x = braid::l2_normalize(x);
    auto score = q.mm(x.t()).div(temperature(f));  // [query, item]
    const auto answer = braid::arange(score.size(0), score);
    const auto diagonal = answer.unsqueeze(1).eq(answer.unsqueeze(0));

    // A row that is absent is no query of its own and nobody's negative; its own score stays, so that nothing is NaN.
    at::Tensor known, out;
    if (f.masked(query) || f.masked(item)) {
      known = f.mask(query).logical_and(f.mask(item));
      out = known.unsqueeze(1).logical_and(known.unsqueeze(0)).logical_not();
    }
    for (const auto* port : {&query_key, &item_key}) {
      if (!f.wired(*port)) continue;
      const auto& key = f[*port];
      const auto same = key.unsqueeze(1).eq(key.unsqueeze(0));
      out = out.defined() ? out.logical_or(same) : same;
    }
    if (out.defined())
      score = score.masked_fill(out.logical_and(diagonal.logical_not()), -std::numeric_limits<double>::infinity());

    auto per_row = braid::cross_entropy(score, answer);
    if (symmetric()) per_row = per_row.add(braid::cross_entropy(score.t(), answer)).mul(0.5);
    f[loss] = per_row;
    if (known.defined()) f.set_mask(loss, known);
  }
};

}  // namespace

BRAID_PLUGIN(InBatchNce, "in_batch_nce", "0.1.0")
