// Small helpers for messages: quoting, joining, globs, numbers as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid::recipe {

// 'word'
std::string quote(std::string_view word);
// "a tower", "an optimizer"
std::string with_article(std::string_view noun);
// "a, b and c"; `most` names at most, then how many more there are.
std::string listed(const std::vector<std::string>& words, std::size_t most = 12);
// Whether `glob` describes all of `text`. '*' stands for any run of characters, dots too; '?' for one.
bool glob_matches(std::string_view glob, std::string_view text);
// Whether a glob can describe any text that starts with `prefix`.
bool glob_may_start(std::string_view glob, std::string_view prefix);
// The shortest text that reads back as the same number; whole values without a point.
std::string number_text(double value);
// "1 wire", "3 wires".
std::string counted(std::size_t count, std::string_view one);
// The candidate nearest to `word` by edit distance, if any is near enough to be meant; used by every "did you mean".
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace braid::recipe
