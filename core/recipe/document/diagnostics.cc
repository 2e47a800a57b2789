#include "recipe/document/diagnostics.h"

#include "recipe/document/words.h"

#include <algorithm>
#include <tuple>

namespace braid::recipe {

std::string text_of(const Place& place) { return location(place).text(); }

Location location(const Place& place) { return {place.file, place.line, place.column}; }

Diagnostic Problem::diagnostic() const {
  return {tag, location(place), what, notes.lines, notes.suggestion, {}, warning};
}

void note_nearest(Notes& notes, const std::string& word, const std::vector<std::string>& candidates) {
  if (const auto near = nearest(word, candidates)) notes.suggestion = *near;
}

void note_choices(Notes& notes, const std::string& word, const std::vector<std::string>& candidates) {
  note_nearest(notes, word, candidates);
  if (notes.suggestion.empty() && !candidates.empty()) notes.push_back("known here: " + listed(candidates));
}

void Report::error(const Place& place, std::string tag, std::string what, Notes notes) {
  if (tag != "missing-file") ++doubts_;
  problems_.push_back({place, std::move(tag), std::move(what), std::move(notes), false});
}

void Report::warning(const Place& place, std::string tag, std::string what, Notes notes) {
  warnings_.push_back({place, std::move(tag), std::move(what), std::move(notes), true});
}

void Report::hand_over(const std::vector<std::string>& files, std::vector<Problem>& out_problems,
                       std::vector<Problem>& out_warnings) {
  const auto order = [&](std::vector<Problem>& problems) {
    const auto number = [&](const Problem& p) {
      return std::find(files.begin(), files.end(), p.place.file) - files.begin();
    };
    const auto rank = [&](const Problem& p) {
      return std::tuple(number(p), p.place.file, p.place.line, p.place.column);
    };
    std::stable_sort(problems.begin(), problems.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    const auto same = [](const Problem& a, const Problem& b) {
      return std::tie(a.place.file, a.place.line, a.place.column, a.tag, a.what) ==
             std::tie(b.place.file, b.place.line, b.place.column, b.tag, b.what);
    };
    problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
  };
  order(problems_);
  order(warnings_);
  out_problems = std::move(problems_);
  if (out_problems.empty()) out_warnings = std::move(warnings_);  // beside errors they are mostly their echo
}

}  // namespace braid::recipe
