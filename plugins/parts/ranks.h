// What metrics of top-k lists collect: where each group's answers stand. As a member it declares the parameter `at`,
// the ports `rank`, `score`, `label` and `group`, and the columns of state that the wired ones need.
#pragma once

#include "plugins/parts/groups.h"

#include <braid/metric.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace parts {

class Ranks {
 public:
  // `least`: of `at`; `at_help` says what it cuts.
  Ranks(braid::Component& owner, const char* at_help, double least = 1)
      : at{owner, "at", 10, at_help, {.low = least, .unit = "places"}},
        rank{owner,
             "rank",
             "int[rows]",
             "one wire: the candidates before the row's answer, 0 when it is first, as a ranker such as "
             "catalogue_rank says; a group's answers stand in one list, so no two of them have one rank, and rows with "
             "lists of their own need a group each. score and label are not read then",
             {.optional = true, .constant = true, .low = 0}},
        score{owner,
              "score",
              "float[rows]",
              "one wire, where rank is not wired: what a group's rows are ranked by, the highest first; ties stand in "
              "the order of the rows' keys",
              {.optional = true}},
        label{owner,
              "label",
              "float?[rows]",
              "one wire, with score: above 0.5 the row is an answer of its group; a row without a label (absent, NaN) "
              "is left out",
              {.optional = true, .constant = true, .low = 0, .high = 1}},
        group{owner, "group", "key[rows]", "whose list a row stands in: a link such as ratings.user"},
        groups{owner, "groups", braid::State::whole} {
    // Single inputs do not say at construction whether they are wired, repeated ones do.
    for (const auto& [name, count] :
         {std::pair{"rank", rank.count()}, std::pair{"score", score.count()}, std::pair{"label", label.count()}})
      if (count > 1) throw braid::Error(std::string(name) + " has " + std::to_string(count) + " wires; it takes one");
    if (rank.count() == 0 && (score.count() == 0 || label.count() == 0))
      throw braid::Error(
          "nothing says where answers stand: wire `rank`, the place of each row's answer, or `score` and `label`, by "
          "which the rows of a group are ranked");
    if (rank.count() > 0) {
      ranks = braid::State(owner, "ranks", braid::State::whole);
    } else {
      scores = braid::State(owner, "scores", braid::State::real);
      labels = braid::State(owner, "labels", braid::State::real);
    }
  }

  void append(braid::Frame& f) const {
    f.append(groups, f[group]);
    if (ranks) return f.append(*ranks, f.at(rank, 0));
    f.append(*scores, f.at(score, 0));
    const auto& y = f.at(label, 0);
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    f.append(*labels, f.masked(label, 0) ? y.masked_fill(f.mask(label, 0).logical_not(), nan) : y);
  }

  // The mean of value(answers) over the groups that have answers. `answers`: std::span<const std::int64_t>, how many
  // candidates stand before each, ascending. NaN when no group has any, and when a score is NaN.
  template <class Value>
  double mean(const braid::Rows& rows, Value value) const {
    const auto all = ranks ? given(rows) : ranked(rows);
    double sum = 0, count = 0;
    std::vector<std::int64_t> answers;
    for (std::size_t k = 0; k < all.size();) {
      const auto own = all[k].group;
      for (answers.clear(); k < all.size() && all[k].group == own; ++k) answers.push_back(all[k].rank);
      sum += value(std::span<const std::int64_t>(answers));
      ++count;
    }
    return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
  }

  // Of ascending answers, how many stand among the first `at`.
  std::int64_t hits(std::span<const std::int64_t> answers) const {
    return std::lower_bound(answers.begin(), answers.end(), at()) - answers.begin();
  }

  braid::Param<std::int64_t> at;
  braid::Ins rank, score, label;
  braid::In group;
  braid::State groups;
  std::optional<braid::State> ranks, scores, labels;

 private:
  struct Answer {
    std::int64_t group, rank;
  };
  struct Candidate {
    std::int64_t group;
    float score;
    bool answer;
  };

  // Both give answers group by group, in each ascending by rank.
  std::vector<Answer> given(const braid::Rows& rows) const {
    const auto g = rows.wholes(groups), r = rows.wholes(*ranks);
    std::vector<Answer> out;
    out.reserve(g.size());
    for (std::size_t k = 0; k < g.size(); ++k) {
      if (r[k] < 0) throw braid::Error("a rank is " + std::to_string(r[k]) + "; ranks count from 0");
      out.push_back({g[k], r[k]});
    }
    sort_groups(out, [](const Answer& a, const Answer& b) { return a.rank < b.rank; });
    for (std::size_t k = 1; k < out.size(); ++k)
      if (out[k].group == out[k - 1].group && out[k].rank == out[k - 1].rank)
        throw braid::Error("two answers of one group have rank " + std::to_string(out[k].rank) +
                           ": they cannot be in one list; rows that bring lists of their own need a group each "
                           "(group = \"TABLE.key\"), and an item is the answer of a group once");
    return out;
  }

  // Empty when a score is NaN: no answer has a place then.
  std::vector<Answer> ranked(const braid::Rows& rows) const {
    const auto g = rows.wholes(groups);
    const auto s = rows.reals(*scores), y = rows.reals(*labels);
    std::vector<Candidate> all;
    all.reserve(g.size());
    for (std::size_t k = 0; k < g.size(); ++k) {
      if (std::isnan(y[k])) continue;
      if (std::isnan(s[k])) return {};
      all.push_back({g[k], s[k], y[k] > 0.5F});
    }
    sort_groups(all, [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    std::vector<Answer> out;
    std::size_t first = 0;
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (all[k].group != all[first].group) first = k;
      if (all[k].answer) out.push_back({all[k].group, static_cast<std::int64_t>(k - first)});
    }
    return out;
  }
};

}  // namespace parts
