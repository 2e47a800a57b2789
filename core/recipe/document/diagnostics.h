// Where problems are gathered; sorted and freed of repetitions at the end.
#pragma once

#include "recipe/document/place.h"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

namespace braid::recipe {

// What stands below a mistake, a line each, and the nearest valid choice.
struct Notes {
  Notes() = default;
  Notes(std::initializer_list<std::string> said) : lines(said) {}
  Notes(std::vector<std::string> said) : lines(std::move(said)) {}  // NOLINT: lines are notes
  void push_back(std::string line) { lines.push_back(std::move(line)); }
  std::vector<std::string> lines;
  std::string suggestion;
};

// One mistake. `text()` is `place: error: what [tag]` and, on lines of their own, notes: the nearest valid choice,
// where the other side came from, the fix.
struct Problem {
  Place place;
  std::string tag;  // "unknown-key"; docs/ERRORS.md lists them all
  std::string what;
  Notes notes;
  bool warning = false;
  Diagnostic diagnostic() const;
  std::string text() const { return diagnostic().text(); }
};

class Report {
 public:
  void error(const Place& place, std::string tag, std::string what, Notes notes = {});
  void warning(const Place& place, std::string tag, std::string what, Notes notes = {});
  bool clean() const { return problems_.empty(); }
  // Errors so far that may make values other than meant: not missing files.
  std::size_t doubts() const { return doubts_; }

  // Everything by file (in `files`' order, --set after all), line, column; warnings beside no error only. Nothing is
  // left here.
  void hand_over(const std::vector<std::string>& files, std::vector<Problem>& problems, std::vector<Problem>& warnings);

 private:
  std::vector<Problem> problems_, warnings_;
  std::size_t doubts_ = 0;
};

// Suggests the candidate nearest to `word`, if one is near.
void note_nearest(Notes& notes, const std::string& word, const std::vector<std::string>& candidates);
// The same; without a near one all candidates are listed: "there are a, b and c".
void note_choices(Notes& notes, const std::string& word, const std::vector<std::string>& candidates);

}  // namespace braid::recipe
