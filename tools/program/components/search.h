// What components there are for a purpose: words looked for in all that their cards say.
#pragma once

#include "catalogue.h"

#include <string>
#include <vector>

namespace braid::tools {

// A component that has all the words. `score`: where they were found counts: in a name most, in a help text least.
struct Hit {
  Entry entry;
  int score = 0;
  std::vector<std::string> places;  // "parameter temperature: Divides the scores.", best first; not the name or summary
};

// Whether `word` is in `text`, as below.
bool says(const std::string& text, const std::string& word);
// Best first, equals by name. Letters' case does not count, and '-', '_' and ' ' are one. A word may stand inside
// another one. No words: nothing.
std::vector<Hit> find_components(const std::vector<Entry>& all, const std::vector<std::string>& words);

}  // namespace braid::tools
