// "Did you mean": the nearest candidate by Damerau-Levenshtein distance (a swap of neighbours counts once).
#include "recipe/document/words.h"

#include <algorithm>
#include <cctype>

namespace braid::recipe {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two(b.size() + 1), one(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) one[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({one[j] + 1, row[j - 1] + 1, one[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], two[j - 2] + 1);
    }
    std::swap(two, one);
    std::swap(one, row);
  }
  return one[b.size()];
}

// Case and '-' against '_' are slips of the hand, not other words.
std::string folded(std::string_view word) {
  std::string out;
  for (const char c : word) out += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& candidates) {
  const auto wanted = folded(word);
  std::optional<std::string> best;
  const std::size_t most =
      1 + std::max<std::size_t>(wanted.size(), 3) / 3;  // fewer than a third of the letters and one
  auto least = most;
  for (const auto& candidate : candidates) {
    const auto other = folded(candidate);
    const auto gap = other.size() > wanted.size() ? other.size() - wanted.size() : wanted.size() - other.size();
    auto d = gap >= least ? gap : distance(wanted, other);
    // "ratings" for "rating_events", "tokens" for "in.tokens": a whole word inside the other is near too.
    if (wanted.size() >= 4 && other.size() > wanted.size() && (other.starts_with(wanted) || other.ends_with(wanted)))
      d = std::min(d, most - 1);
    if (d < least) {
      if (d >= wanted.size()) continue;  // nothing in common
      best = candidate;
      least = d;
    }
  }
  return best;
}

}  // namespace braid::recipe
