// AUC inside each group (a user's rows), averaged.
#include "plugins/parts/groups.h"

#include <braid/plugin.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

struct Entry {
  std::int64_t group;
  float score;
  bool positive;
};

struct GroupedAuc final : braid::Metric {
  static constexpr braid::About about{
      .summary = "AUC of each group's rows (a user's, say), averaged; groups of one class are left out.",
      .paper = "Zhou et al. 2018, Deep Interest Network, arXiv:1706.06978",
      .equation = "eq. 7: sum(rows_g * AUC_g) / sum(rows_g)",
      .differs = "Groups weigh by rows as there (\"rows\"), or alike (\"groups\")."};

  braid::Param<std::string> average{*this,
                                    "average",
                                    std::string("rows"),
                                    "How groups weigh: by their rows, or all alike.",
                                    {.choices = {"rows", "groups"}}};
  braid::In score{*this, "score", "float[rows]", "what rows are ranked by; a logit or a probability"};
  braid::In label{*this,
                  "label",
                  "float?[rows]",
                  "above 0.5 is positive; a row without a label (absent, NaN) is left out",
                  {.constant = true, .low = 0, .high = 1}};
  braid::In group{*this, "group", "key[rows]", "whose rows are ranked against each other: a link such as ratings.user"};
  braid::State scores{*this, "scores", braid::State::real};
  braid::State labels{*this, "labels", braid::State::real};
  braid::State groups{*this, "groups", braid::State::whole};

  void run(braid::Frame& f) override {
    f.append(scores, f[score]);
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    f.append(labels, f.masked(label) ? f[label].masked_fill(f.mask(label).logical_not(), nan) : f[label]);
    f.append(groups, f[group]);
  }

  braid::Range range() const override { return {0, 1}; }

  // NaN when no group has both classes, or a score is NaN.
  double finish(const braid::Rows& rows) const override {
    const auto s = rows.reals(scores), y = rows.reals(labels);
    const auto g = rows.wholes(groups);
    std::vector<Entry> sorted;
    sorted.reserve(s.size());
    for (std::size_t k = 0; k < s.size(); ++k) {
      if (std::isnan(y[k])) continue;
      if (std::isnan(s[k])) return std::numeric_limits<double>::quiet_NaN();
      sorted.push_back({g[k], s[k], y[k] > 0.5F});
    }
    parts::sort_groups(sorted, [](const Entry& a, const Entry& b) { return a.score < b.score; });
    double total = 0, weights = 0;
    for (std::size_t from = 0; from < sorted.size();) {
      auto to = from;
      while (to < sorted.size() && sorted[to].group == sorted[from].group) ++to;
      const double area = auc_of(&sorted[from], to - from);
      if (!std::isnan(area)) {
        const double weight = average() == "rows" ? static_cast<double>(to - from) : 1.0;
        total += weight * area;
        weights += weight;
      }
      from = to;
    }
    return weights > 0 ? total / weights : std::numeric_limits<double>::quiet_NaN();
  }

  // Entries ascending by score; pairs in whole numbers (doubled, so that a tie's half is one).
  static double auc_of(const Entry* entries, std::size_t count) {
    std::uint64_t twice_won = 0, positives = 0, negatives = 0;
    for (std::size_t k = 0; k < count;) {
      std::uint64_t tied[2] = {0, 0};
      const float value = entries[k].score;
      for (; k < count && entries[k].score == value; ++k) ++tied[entries[k].positive];
      twice_won += tied[1] * (2 * negatives + tied[0]);
      negatives += tied[0];
      positives += tied[1];
    }
    if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(twice_won) / (2.0 * static_cast<double>(positives) * static_cast<double>(negatives));
  }
};

}  // namespace

BRAID_PLUGIN(GroupedAuc, "grouped_auc", "0.1.0")
