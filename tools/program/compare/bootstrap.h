// The paired bootstrap over groups: whether two models differ by more than the luck of who is in the test rows.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace braid::tools {

// The rows of a split, without the scores: what two runs have to share. In the order of the rows' keys.
struct ComparedRows {
  std::vector<std::int64_t> key, group;
  std::vector<float> label;
  bool operator==(const ComparedRows&) const = default;
};

// Metrics of one model's scores in which a group may count any number of times, as if its rows stood there so often,
// each time as a group of its own. The same figures as the components auc, grouped_auc and ndcg (at = 10) give for the
// same rows.
class WeightedMetrics {
 public:
  static constexpr std::array<const char*, 3> names{"auc", "grouped_auc", "ndcg@10"};
  using Figures = std::array<double, 3>;  // NaN where one is not defined

  // `groups`: per row the number of its group, below `count`. `scores` per row; none is NaN.
  WeightedMetrics(std::span<const std::uint32_t> groups, std::size_t count, std::span<const float> labels,
                  std::span<const float> scores);
  // `times`: per group.
  Figures of(std::span<const std::uint32_t> times) const;

 private:
  double auc(std::span<const std::uint32_t> times) const;
  // Ascending by score: the row's group, its class in bit 0, and in bit 1 whether the next row has the same score.
  std::vector<std::pair<std::uint32_t, std::uint8_t>> sorted_;
  std::vector<double> rows_, area_, gain_;  // per group; NaN where it is left out
};

struct BootstrapFigure {
  std::string metric;
  double first = 0, second = 0, difference = 0;  // of all rows; difference: second - first
  double low = 0, high = 0;                      // 95 % of the resamples' differences lie between
  double other_sign = 0;  // the share of resamples whose difference has the other sign; one of 0 counts half
  std::size_t defined = 0;
};

struct Bootstrap {
  std::size_t rows = 0, groups = 0, resamples = 0;
  std::vector<BootstrapFigure> figures;  // of metrics that are defined for the rows
};

// `first`, `second`: scores per row, of one run or of several whose figures are averaged. Groups are drawn with
// replacement, as many as there are, the same for both sides. A function of its arguments alone.
Bootstrap paired_bootstrap(const ComparedRows& rows, const std::vector<std::vector<float>>& first,
                           const std::vector<std::vector<float>>& second, std::size_t resamples, std::uint64_t seed);

// The k-th draw below `count` of resample `number`: splitmix64 of (seed, number, k).
std::uint32_t bootstrap_draw(std::uint64_t seed, std::uint64_t number, std::uint64_t k, std::uint32_t count);

}  // namespace braid::tools
