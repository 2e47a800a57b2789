// Mean average precision of the first `at` places.
#include "plugins/parts/ranks.h"

#include <braid/plugin.h>

#include <algorithm>

namespace {

struct Map final : braid::Metric {
  static constexpr braid::About about{
      .summary = "Mean over groups of the precision at each hit, averaged over the hits that could be.",
      .paper = "Buckley and Voorhees 2000, Evaluating Evaluation Measure Stability, doi:10.1145/345508.345543",
      .equation = "mean over groups of sum over hits j = 1, 2... of j / (1 + rank of hit j), / min(answers, at)",
      .differs =
          "Lists are cut at `at`, and the sum is divided by min(answers, at), not by all answers. Groups without "
          "answers are left out."};

  parts::Ranks ranks{*this, "Places of a group's list that count."};

  void run(braid::Frame& f) override { ranks.append(f); }

  braid::Range range() const override { return {0, 1}; }

  // NaN when no group has an answer, or a score is NaN.
  double finish(const braid::Rows& rows) const override {
    return ranks.mean(rows, [&](auto answers) {
      double sum = 0;
      const auto hits = static_cast<std::size_t>(ranks.hits(answers));
      for (std::size_t j = 0; j < hits; ++j)
        sum += static_cast<double>(j + 1) / (1.0 + static_cast<double>(answers[j]));
      return sum / static_cast<double>(std::min(static_cast<std::int64_t>(answers.size()), ranks.at()));
    });
  }
};

}  // namespace

BRAID_PLUGIN(Map, "map", "0.1.0")
