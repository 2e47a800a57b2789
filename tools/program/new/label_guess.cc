#include "label_guess.h"

#include "recipe/document/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace braid::tools {
namespace {

constexpr std::array label_names{"label",     "target",    "clicked",  "click",  "isclick",   "liked",
                                 "like",      "purchased", "purchase", "bought", "converted", "conversion",
                                 "watched",   "rating",    "ratings",  "stars",  "score",     "vote",
                                 "relevance", "response",  "outcome",  "y"};
constexpr std::array time_names{"timestamp", "time",    "datetime", "date", "ts",  "unixtime", "eventtime",
                                "createdat", "created", "day",      "turn", "pos", "position", "sequence"};

template <class List>
int place_in(const List& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

// The expression that is true for about half of the rows; empty when the column has none.
std::string test_of(const Column& c, std::string& why) {
  const auto column = in_expression(c.name);
  if (column.empty() || c.values.size() < 2) return "";
  if (c.numbers) {
    std::map<double, std::size_t> rows;
    for (const auto& [cell, count] : c.values) rows[*number_in(cell)] += count;
    if (rows.size() < 2) return "";
    double best = rows.begin()->first, off = 2, share = 0;
    std::size_t below = 0;
    for (auto at = rows.begin(); std::next(at) != rows.end(); ++at) {
      below += at->second;
      const auto above = 1 - static_cast<double>(below) / static_cast<double>(c.there());
      if (std::abs(above - 0.5) < off) best = at->first, off = std::abs(above - 0.5), share = above;
    }
    why = "true in " + std::to_string(static_cast<int>(std::lround(100 * share))) + " % of the sampled rows";
    return column + " > " + recipe::number_text(best);
  }
  if (c.values.size() != 2) return "";
  auto yes = c.values.begin()->second <= c.values.rbegin()->second ? c.values.begin()->first : c.values.rbegin()->first;
  for (const auto& [cell, _] : c.values)
    if (has({"yes", "true", "y", "t", "pos", "positive", "click", "like", "buy"}, plain(cell))) yes = cell;
  std::string text;
  for (const char ch : yes) {
    if (static_cast<unsigned char>(ch) < 32 || static_cast<unsigned char>(ch) > 126) return "";
    text += ch == '\'' ? "''" : std::string(1, ch);
  }
  why = "one of its two values";
  return column + " == '" + text + "'";
}

}  // namespace

int label_strength(const Column& c) {
  if (c.values.size() < 2) return 0;
  const auto name = plain(c.header);
  if (const auto k = place_in(label_names, name); k >= 0) return 200 - k;
  if (c.wholes && c.values.size() == 2 && c.low == 0 && c.high == 1) return 100;
  const auto first = plain(c.values.begin()->first);
  if (c.values.size() == 2 && has({"no", "false", "n", "f"}, first)) return 90;
  for (const auto* word : label_names)
    if (std::string(word).size() > 3 && name.ends_with(word)) return 80;
  if (c.wholes && c.values.size() <= 11 && c.values.size() > 2 && c.rows > 20) return 10;
  return 0;
}

bool is_time(const Column& c) {
  if (c.missing > 0 || c.values.size() < 2) return false;
  const bool dates =
      std::all_of(c.values.begin(), c.values.end(), [](const auto& v) { return sorts_as_date(v.first); });
  if (dates) return true;
  if (!c.numbers) return false;
  const bool epoch = c.wholes && ((c.low > 8e8 && c.high < 5e9) || (c.low > 8e11 && c.high < 5e12));
  return epoch || place_in(time_names, plain(c.header)) >= 0;
}

void find_label(Guess& g, const Words& taken) {
  const Column* best = nullptr;
  for (const auto& c : g.rows.first().columns)
    if (!has(taken, c.name) && label_strength(c) > (best ? label_strength(*best) : 0)) best = &c;
  if (!best) return;
  std::string why;
  g.label = test_of(*best, why);
  if (g.label.empty()) return;
  g.label_column = best->name;
  g.label_why =
      (place_in(label_names, plain(best->header)) >= 0 ? "by the column's name; " : "by the column's values; ") + why;
  if (best->missing > 0) g.keep = in_expression(best->name) + " is not missing";
}

void find_order(Guess& g, const Words& taken) {
  const Column* best = nullptr;
  const auto strength = [](const Column& c) {
    const auto k = place_in(time_names, plain(c.header));
    return k >= 0 ? 100 - k : 1;
  };
  for (const auto& c : g.rows.first().columns)
    if (!has(taken, c.name) && is_time(c) && (!best || strength(c) > strength(*best))) best = &c;
  if (!best) return;
  g.order = best->name;
  g.order_why = place_in(time_names, plain(best->header)) >= 0 ? "by the column's name" : "its values look like times";
}

}  // namespace braid::tools
