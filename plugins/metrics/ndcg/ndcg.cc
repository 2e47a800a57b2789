// Normalised discounted cumulative gain of the first `at` places, gains 0 and 1.
#include "plugins/parts/ranks.h"

#include <braid/plugin.h>

#include <algorithm>
#include <cmath>

namespace {

struct Ndcg final : braid::Metric {
  static constexpr braid::About about{
      .summary = "Discounted gain of the answers among a group's first `at` candidates, by the best there could be.",
      .paper =
          "Järvelin and Kekäläinen 2002, Cumulated Gain-Based Evaluation of IR Techniques, "
          "doi:10.1145/582415.582418",
      .equation =
          "mean over groups of sum over ranks r < at of 1 / log2(r + 2), / sum over i < min(answers, at) of "
          "1 / log2(i + 2)",
      .differs =
          "Gains are binary: an answer is 1, anything else 0. The second place is discounted too: log2(place + 1) "
          "divides from the first place on, where the paper's log2(place) starts at the second. Groups without "
          "answers are left out."};

  parts::Ranks ranks{*this, "Places of a group's list that count."};

  void run(braid::Frame& f) override { ranks.append(f); }

  braid::Range range() const override { return {0, 1}; }

  // NaN when no group has an answer, or a score is NaN.
  double finish(const braid::Rows& rows) const override {
    return ranks.mean(rows, [&](auto answers) {
      double gain = 0, best = 0;
      for (const auto r : answers.first(static_cast<std::size_t>(ranks.hits(answers)))) gain += discounted(r);
      const auto most = std::min(static_cast<std::int64_t>(answers.size()), ranks.at());
      for (std::int64_t i = 0; i < most; ++i) best += discounted(i);
      return gain / best;
    });
  }

  static double discounted(std::int64_t rank) { return 1.0 / std::log2(static_cast<double>(rank) + 2.0); }
};

}  // namespace

BRAID_PLUGIN(Ndcg, "ndcg", "0.1.0")
