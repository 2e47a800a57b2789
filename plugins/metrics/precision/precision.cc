// The share of the first `at` places that hold answers.
#include "plugins/parts/ranks.h"

#include <braid/plugin.h>

namespace {

struct Precision final : braid::Metric {
  static constexpr braid::About about{
      .summary = "Share of a group's first `at` places that hold answers, averaged over groups.",
      .paper =
          "Herlocker et al. 2004, Evaluating Collaborative Filtering Recommender Systems, "
          "doi:10.1145/963770.963772",
      .equation = "mean over groups of hits / at; hits: answers with fewer than `at` candidates before them",
      .differs =
          "Divides by `at` where a list is shorter, too. Each group (a user, say) weighs alike; groups without "
          "answers are left out."};

  parts::Ranks ranks{*this, "Places of a group's list that count, and what hits are divided by."};

  void run(braid::Frame& f) override { ranks.append(f); }

  braid::Range range() const override { return {0, 1}; }

  // NaN when no group has an answer, or a score is NaN.
  double finish(const braid::Rows& rows) const override {
    return ranks.mean(
        rows, [&](auto answers) { return static_cast<double>(ranks.hits(answers)) / static_cast<double>(ranks.at()); });
  }
};

}  // namespace

BRAID_PLUGIN(Precision, "precision", "0.1.0")
