// Rows for the tests of what collects parts::Ranks; tools/goldens/ranks.py makes the same ones.
#pragma once

#include <braid/conform.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace parts {

constexpr double no_label = std::numeric_limits<double>::quiet_NaN();

// Rows that bring their answers' ranks.
inline braid::conform::Case given(const std::string& use, std::int64_t at, const std::vector<std::int64_t>& ranks,
                                  const std::vector<std::int64_t>& groups) {
  const auto rows = static_cast<std::int64_t>(ranks.size());
  braid::conform::Case c{use};
  c.values = {{"at", at}};
  c.inputs["rank"] = {braid::conform::wholes(ranks, {rows})};
  c.inputs["group"] = {braid::conform::wholes(groups, {rows})};
  return c;
}

// Rows that are the candidates of their group.
inline braid::conform::Case ranked(const std::string& use, std::int64_t at, const std::vector<double>& scores,
                                   const std::vector<double>& labels, const std::vector<std::int64_t>& groups) {
  const auto rows = static_cast<std::int64_t>(scores.size());
  braid::conform::Case c{use};
  c.values = {{"at", at}};
  c.inputs["score"] = {braid::conform::numbers(scores, {rows})};
  c.inputs["label"] = {braid::conform::numbers(labels, {rows})};
  c.inputs["group"] = {braid::conform::wholes(groups, {rows})};
  c.constants = {"score", "label"};
  return c;
}

// 13 groups of 23 or 24 answers, and 20 groups of one.
inline braid::conform::Case golden_given(const std::string& use, std::int64_t at) {
  std::vector<std::int64_t> ranks, groups;
  for (std::int64_t k = 0; k < 300; ++k) {
    groups.push_back((7 * k % 13) << 40);
    ranks.push_back((11 * (k / 13) + 5 * (k % 13)) % 53);  // 11 and 53 have no common divisor: distinct in a group
  }
  for (std::int64_t k = 0; k < 20; ++k) {
    groups.push_back(-1 - k);
    ranks.push_back(7 * k % 25);
  }
  return given(use, at, ranks, groups);
}

// 13 groups with many ties, rows without a label, and one group (3) without an answer.
inline braid::conform::Case golden_ranked(const std::string& use, std::int64_t at) {
  std::vector<double> scores, labels;
  std::vector<std::int64_t> groups;
  for (std::int64_t k = 0; k < 500; ++k) {
    const auto x = static_cast<double>(k);
    scores.push_back(std::floor(std::sin(0.1 * x) * 20 + 0.5) / 20);
    groups.push_back((7 * k % 13) << 40);
    labels.push_back(k % 17 == 4                                                                            ? no_label
                     : 7 * k % 13 != 3 && std::sin(0.37 * x + 1) > 0.05 * static_cast<double>(k % 13) + 0.2 ? 1
                                                                                                            : 0);
  }
  return ranked(use, at, scores, labels, groups);
}

inline double number(const braid::conform::Case& rows) { return braid::conform::Instance(rows).metric(); }

}  // namespace parts
