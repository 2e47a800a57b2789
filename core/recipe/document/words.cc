#include "recipe/document/words.h"

#include <array>
#include <charconv>

namespace braid::recipe {

std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("aeiou").find(noun[0]) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(noun);
}

std::string quote(std::string_view word) { return "'" + std::string(word) + "'"; }

std::string listed(const std::vector<std::string>& words, std::size_t most) {
  std::string out;
  const auto shown = words.size() <= most ? words.size() : most;
  for (std::size_t k = 0; k < shown; ++k) {
    if (k) out += k + 1 == words.size() ? " and " : ", ";
    out += words[k];
  }
  if (shown < words.size()) out += " and " + std::to_string(words.size() - shown) + " more";
  return out;
}

bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0, star = std::string_view::npos, kept = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      kept = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g, ++t;
    } else if (star != std::string_view::npos) {  // the last star takes one character more
      g = star + 1;
      t = ++kept;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

bool glob_may_start(std::string_view glob, std::string_view prefix) {
  // Walks all ways in which the glob can eat the prefix; the sets stay tiny.
  std::vector<bool> at(glob.size() + 1, false);
  const auto open = [&](std::size_t g) {
    for (at[g] = true; g < glob.size() && glob[g] == '*'; at[++g] = true) {
    }
  };
  open(0);
  for (const char c : prefix) {
    const auto before = at;
    at.assign(glob.size() + 1, false);
    for (std::size_t g = 0; g < glob.size(); ++g) {
      if (!before[g]) continue;
      if (glob[g] == '*') open(g);
      else if (glob[g] == '?' || glob[g] == c) open(g + 1);
    }
  }
  for (const bool alive : at)
    if (alive) return true;
  return false;
}

std::string number_text(double value) {
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string counted(std::size_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

}  // namespace braid::recipe
