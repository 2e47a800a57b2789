// Where problems are gathered; sorted and freed of repetitions at the end.
#pragma once

#include "recipe/check.h"

#include <map>
#include <set>

namespace braid::recipe {

class Report {
 public:
  void error(const Place& place, std::string tag, std::string what, std::vector<std::string> notes = {});
  void warning(const Place& place, std::string tag, std::string what, std::vector<std::string> notes = {});
  bool clean() const { return problems_.empty(); }
  // Errors so far that may make values other than meant: not missing files.
  std::size_t doubts() const { return doubts_; }

  // By file (in `files`' order, --set after all), line, column.
  void hand_over(const std::vector<std::string>& files, Checked& out);

 private:
  std::vector<Problem> problems_, warnings_;
  std::size_t doubts_ = 0;
};

// "recipe.toml:14:8", or the file alone where no line is known.
std::string text_of(const Place& place);
// A note: "nearest: 'title'", or nothing when no candidate is near.
void note_nearest(std::vector<std::string>& notes, const std::string& word, const std::vector<std::string>& candidates);
// The same; without a near one all candidates are listed: "there are a, b and c".
void note_choices(std::vector<std::string>& notes, const std::string& word, const std::vector<std::string>& candidates);

}  // namespace braid::recipe
