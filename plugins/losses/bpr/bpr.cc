// Bayesian personalised ranking: the answer before each negative of its row.
#include <braid/plugin.h>

namespace {

struct Bpr final : braid::Loss {
  static constexpr braid::About about{
      .summary = "Ranks a row's item before each of its negatives: a logistic loss of the difference of their scores.",
      .paper = "Rendle et al. 2009, BPR: Bayesian Personalized Ranking from Implicit Feedback, arXiv:1205.2618",
      .equation = "BPR-Opt, section 4.1: mean over the negatives of -log sigmoid(query . item - query . negative)",
      .differs =
          "Any number of negatives a row, whose mean is taken. The regulariser is the optimiser's decay, not a term of "
          "the loss."};

  braid::In query{*this, "query", "float?[rows, dim]", "who is asked: a user's vector"};
  braid::In item{*this, "item", "float?[rows, dim]", "the answer"};
  braid::In negative{*this, "negative", "float?[rows, negatives*?, dim]",
                     "items that shall stand behind it: a list of them, or one a row"};
  braid::Out loss{*this, "loss", "float?[rows]",
                  "per row, in nats; rows without query, item or any negative are left out"};

  void run(braid::Frame& f) override {
    const auto &q = f[query], &x = f[item];
    const auto behind = f[negative].bmm(q.unsqueeze(2)).squeeze(2);         // [rows, negatives]
    const auto wrong = braid::softplus(behind.sub(q.mul(x).sum(1, true)));  // -log sigmoid(-z) = softplus(z)
    const auto mask = f.mask(negative);
    const auto count = mask.sum(1);

    auto known = count.gt(0);
    if (f.masked(query)) known = known.logical_and(f.mask(query));
    if (f.masked(item)) known = known.logical_and(f.mask(item));
    const auto out = mask.logical_and(known.unsqueeze(1)).logical_not();
    f[loss] = wrong.masked_fill(out, 0).sum(1).div(count.clamp_min(1));
    f.set_mask(loss, known);
  }
};

}  // namespace

BRAID_PLUGIN(Bpr, "bpr", "0.1.0")
