// Mean reciprocal rank of each group's first answer.
#include "plugins/parts/ranks.h"

#include <braid/plugin.h>

namespace {

struct Mrr final : braid::Metric {
  static constexpr braid::About about{
      .summary = "Mean over groups of 1 / (1 + rank of the group's first answer).",
      .paper = "Voorhees 1999, The TREC-8 Question Answering Track Report, NIST SP 500-246",
      .equation = "mean over groups of 1 / (1 + r); 0 where r >= at; r: candidates before the first answer",
      .differs = "Groups without answers are left out."};

  parts::Ranks ranks{*this, "Places of a group's list that count; 0: all.", 0};

  void run(braid::Frame& f) override { ranks.append(f); }

  braid::Range range() const override { return {0, 1}; }

  // NaN when no group has an answer, or a score is NaN.
  double finish(const braid::Rows& rows) const override {
    return ranks.mean(rows, [&](auto answers) {
      const bool counts = ranks.at() == 0 || answers[0] < ranks.at();
      return counts ? 1.0 / (1.0 + static_cast<double>(answers[0])) : 0.0;
    });
  }
};

}  // namespace

BRAID_PLUGIN(Mrr, "mrr", "0.1.0")
