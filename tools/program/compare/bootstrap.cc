#include "bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace braid::tools {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t places = 10;  // of ndcg@10

std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

// Twice the pairs won, so that ties stay whole, over twice the pairs.
struct Pairs {
  std::uint64_t twice_won = 0, positives = 0, negatives = 0;
  void add(std::uint64_t tied_negatives, std::uint64_t tied_positives) {
    twice_won += tied_positives * (2 * negatives + tied_negatives);
    negatives += tied_negatives;
    positives += tied_positives;
  }
  double auc() const {
    if (positives == 0 || negatives == 0) return none;
    return static_cast<double>(twice_won) / (2.0 * static_cast<double>(positives) * static_cast<double>(negatives));
  }
};

// NumPy's default: between two values by their distance.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

WeightedMetrics::Figures mean_of(const std::vector<WeightedMetrics>& all, std::span<const std::uint32_t> times) {
  WeightedMetrics::Figures out{};
  for (const auto& one : all) {
    const auto figures = one.of(times);
    for (std::size_t m = 0; m < out.size(); ++m) out[m] += figures[m] / static_cast<double>(all.size());
  }
  return out;
}

}  // namespace

std::uint32_t bootstrap_draw(std::uint64_t seed, std::uint64_t number, std::uint64_t k, std::uint32_t count) {
  // The upper half of a product: below `count`, and even to one in 2^32.
  return static_cast<std::uint32_t>((mixed(mixed(mixed(seed) + number) + k) >> 32) * count >> 32);
}

WeightedMetrics::WeightedMetrics(std::span<const std::uint32_t> groups, std::size_t count,
                                 std::span<const float> labels, std::span<const float> scores)
    : rows_(count, 0), area_(count, none), gain_(count, none) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] < scores[b]; });
  const auto positive = [&](std::uint32_t row) { return labels[row] > 0.5F; };
  sorted_.reserve(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    const bool tied = k + 1 < order.size() && scores[order[k]] == scores[order[k + 1]];
    sorted_.emplace_back(groups[order[k]], static_cast<std::uint8_t>(positive(order[k]) | tied << 1));
  }
  std::vector<std::vector<std::uint32_t>> own(count);  // each group's rows, ascending by score
  for (const auto row : order) own[groups[row]].push_back(row);
  for (std::size_t g = 0; g < count; ++g) {
    auto& rows = own[g];
    Pairs pairs;
    for (std::size_t k = 0; k < rows.size();) {
      std::uint64_t tied[2] = {0, 0};
      const float value = scores[rows[k]];
      for (; k < rows.size() && scores[rows[k]] == value; ++k) ++tied[positive(rows[k])];
      pairs.add(tied[0], tied[1]);
    }
    rows_[g] = static_cast<double>(rows.size());
    area_[g] = pairs.auc();
    if (pairs.positives == 0) continue;
    // The highest first; ties stay in the order of the rows.
    std::sort(rows.begin(), rows.end());
    std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
    const auto discounted = [](std::size_t rank) { return 1.0 / std::log2(static_cast<double>(rank) + 2.0); };
    double gain = 0, best = 0;
    for (std::size_t k = 0; k < std::min(places, rows.size()); ++k)
      if (positive(rows[k])) gain += discounted(k);
    for (std::size_t k = 0; k < std::min<std::size_t>(places, pairs.positives); ++k) best += discounted(k);
    gain_[g] = gain / best;
  }
}

double WeightedMetrics::auc(std::span<const std::uint32_t> times) const {
  Pairs pairs;
  std::uint64_t tied[2] = {0, 0};
  for (const auto& [group, bits] : sorted_) {
    tied[bits & 1U] += times[group];
    if (bits & 2U) continue;
    pairs.add(tied[0], tied[1]);
    tied[0] = tied[1] = 0;
  }
  return pairs.auc();
}

WeightedMetrics::Figures WeightedMetrics::of(std::span<const std::uint32_t> times) const {
  // A group's own area and gain do not depend on how often it counts.
  double area = 0, rows = 0, gain = 0, groups = 0;
  for (std::size_t g = 0; g < rows_.size(); ++g) {
    const double n = times[g];
    if (n > 0 && !std::isnan(area_[g])) area += n * rows_[g] * area_[g], rows += n * rows_[g];
    if (n > 0 && !std::isnan(gain_[g])) gain += n * gain_[g], groups += n;
  }
  return {auc(times), rows > 0 ? area / rows : none, groups > 0 ? gain / groups : none};
}

Bootstrap paired_bootstrap(const ComparedRows& rows, const std::vector<std::vector<float>>& first,
                           const std::vector<std::vector<float>>& second, std::size_t resamples, std::uint64_t seed) {
  // Groups are numbered by their keys: the order of the rows does not matter to the draws.
  auto keys = rows.group;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::unordered_map<std::int64_t, std::uint32_t> number;
  for (const auto key : keys) number.emplace(key, static_cast<std::uint32_t>(number.size()));
  std::vector<std::uint32_t> groups;
  groups.reserve(rows.group.size());
  for (const auto key : rows.group) groups.push_back(number.at(key));
  const auto count = keys.size();
  const auto metrics = [&](const std::vector<std::vector<float>>& side) {
    std::vector<WeightedMetrics> out;
    for (const auto& scores : side) out.emplace_back(groups, count, rows.label, scores);
    return out;
  };
  const auto a = metrics(first), b = metrics(second);

  std::vector<std::uint32_t> times(count, 1);
  const auto of_a = mean_of(a, times), of_b = mean_of(b, times);
  std::array<std::vector<double>, WeightedMetrics::names.size()> differences;
  for (std::size_t n = 0; n < resamples; ++n) {
    std::fill(times.begin(), times.end(), 0U);
    for (std::size_t k = 0; k < count; ++k) ++times[bootstrap_draw(seed, n, k, static_cast<std::uint32_t>(count))];
    const auto in_a = mean_of(a, times), in_b = mean_of(b, times);
    for (std::size_t m = 0; m < differences.size(); ++m)
      if (const double d = in_b[m] - in_a[m]; !std::isnan(d)) differences[m].push_back(d);
  }

  Bootstrap out{rows.group.size(), count, resamples, {}};
  for (std::size_t m = 0; m < differences.size(); ++m) {
    auto& d = differences[m];
    const double difference = of_b[m] - of_a[m];
    if (std::isnan(difference) || d.empty()) continue;
    std::sort(d.begin(), d.end());
    double other = 0;
    for (const double one : d) other += one == 0 ? 0.5 : (one < 0) != (difference < 0) ? 1 : 0;
    out.figures.push_back({WeightedMetrics::names[m], of_a[m], of_b[m], difference, quantile(d, 0.025),
                           quantile(d, 0.975), other / static_cast<double>(d.size()), d.size()});
  }
  return out;
}

}  // namespace braid::tools
