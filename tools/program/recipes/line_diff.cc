#include "line_diff.h"

#include <algorithm>
#include <sstream>
#include <vector>

namespace braid::tools {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

struct Line {
  char mark;  // ' ', '-', '+'
  const std::string* text;
};

// The fewest lines taken out and put in (Myers 1986): frontier[d][k] is how far diagonal k gets with d changes.
std::vector<Line> script(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto n = static_cast<std::ptrdiff_t>(a.size()), m = static_cast<std::ptrdiff_t>(b.size()), most = n + m;
  std::vector<std::ptrdiff_t> reach(static_cast<std::size_t>(2 * most + 2), 0);
  const auto at = [&](std::vector<std::ptrdiff_t>& v, std::ptrdiff_t k) -> std::ptrdiff_t& {
    return v[static_cast<std::size_t>(k + most)];
  };
  const auto line = [](const std::vector<std::string>& v, std::ptrdiff_t k) -> const std::string& {
    return v[static_cast<std::size_t>(k)];
  };
  const auto down = [&](std::vector<std::ptrdiff_t>& v, std::ptrdiff_t k, std::ptrdiff_t d) {
    return k == -d || (k != d && at(v, k - 1) < at(v, k + 1));
  };
  std::vector<std::vector<std::ptrdiff_t>> trace;
  for (std::ptrdiff_t d = 0; d <= most; ++d) {
    trace.push_back(reach);
    bool done = false;
    for (std::ptrdiff_t k = -d; k <= d && !done; k += 2) {
      auto x = d == 0 ? 0 : down(reach, k, d) ? at(reach, k + 1) : at(reach, k - 1) + 1;
      while (x < n && x - k < m && line(a, x) == line(b, x - k)) ++x;
      at(reach, k) = x;
      done = x >= n && x - k >= m;
    }
    if (done) break;
  }
  std::vector<Line> out;
  auto x = n, y = m;
  for (auto d = static_cast<std::ptrdiff_t>(trace.size()) - 1; d >= 0; --d) {
    auto& before = trace[static_cast<std::size_t>(d)];
    const auto k = x - y;
    const auto from = d == 0 ? 0 : down(before, k, d) ? k + 1 : k - 1;
    const auto from_x = d == 0 ? 0 : at(before, from), from_y = d == 0 ? 0 : from_x - from;
    while (x > from_x && y > from_y) --x, --y, out.push_back({' ', &line(a, x)});
    if (d == 0) break;
    if (x == from_x) --y, out.push_back({'+', &line(b, y)});
    else --x, out.push_back({'-', &line(a, x)});
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

std::string line_diff(const std::string& before, const std::string& after, const std::string& was,
                      const std::string& is) {
  if (before == after) return "";
  constexpr std::size_t around = 3;
  const auto a = lines_of(before), b = lines_of(after);
  const auto all = script(a, b);
  std::string out = "--- " + was + "\n+++ " + is + "\n";
  std::size_t old_line = 1, new_line = 1;  // of all[k]
  for (std::size_t k = 0; k < all.size();) {
    auto first = k;
    while (first < all.size() && all[first].mark == ' ') ++first;
    if (first == all.size()) break;
    const auto begin = first - std::min(first - k, around);
    auto end = first, last = first;  // the last change of the hunk: the next one is further than both margins
    for (; end < all.size() && end - last <= 2 * around; ++end)
      if (all[end].mark != ' ') last = end;
    end = std::min(last + 1 + around, all.size());
    old_line += begin - k, new_line += begin - k;
    std::size_t olds = 0, news = 0;
    std::string text;
    for (auto j = begin; j < end; ++j) {
      olds += all[j].mark != '+', news += all[j].mark != '-';
      text += all[j].mark + *all[j].text + "\n";
    }
    const auto range = [](std::size_t line, std::size_t count) {
      return std::to_string(count ? line : line - 1) + (count == 1 ? "" : "," + std::to_string(count));
    };
    out += "@@ -" + range(old_line, olds) + " +" + range(new_line, news) + " @@\n" + text;
    old_line += olds, new_line += news;
    k = end;
  }
  return out;
}

}  // namespace braid::tools
