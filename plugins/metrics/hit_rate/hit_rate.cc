// How many groups have an answer among the first `at`.
#include "plugins/parts/ranks.h"

#include <braid/plugin.h>

namespace {

struct HitRate final : braid::Metric {
  static constexpr braid::About about{
      .summary = "Share of groups with at least one answer among their first `at` candidates.",
      .paper = "Deshpande and Karypis 2004, Item-Based Top-N Recommendation Algorithms, doi:10.1145/963770.963776",
      .equation = "groups with a hit / groups with an answer",
      .differs = "A group may have several answers (there it has one); it counts once."};

  parts::Ranks ranks{*this, "Places of a group's list that count."};

  void run(braid::Frame& f) override { ranks.append(f); }

  braid::Range range() const override { return {0, 1}; }

  // NaN when no group has an answer, or a score is NaN.
  double finish(const braid::Rows& rows) const override {
    return ranks.mean(rows, [&](auto answers) { return ranks.hits(answers) > 0 ? 1.0 : 0.0; });
  }
};

}  // namespace

BRAID_PLUGIN(HitRate, "hit_rate", "0.1.0")
