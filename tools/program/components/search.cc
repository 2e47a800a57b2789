#include "search.h"

#include "describe.h"

#include <algorithm>
#include <cctype>

namespace braid::tools {
namespace {

std::string folded(std::string text) {
  for (auto& c : text) c = c == '-' || c == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool letter(char c) { return std::isalnum(static_cast<unsigned char>(c)); }

// 0: not there; 1: inside a word; 2: a word starts with it; 3: a word of its own; 4: all of the text.
int nearness(const std::string& text, const std::string& word) {
  if (text == word) return 4;
  int best = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !letter(text[at - 1]),
               ends = at + word.size() == text.size() || !letter(text[at + word.size()]);
    best = std::max(best, starts && ends ? 3 : starts ? 2 : 1);
  }
  return best;
}

// A text of a card, and what a word in it is worth.
struct Text {
  std::string folded;
  int worth;
  std::string place;  // what to show; empty: it is shown anyway
};

std::vector<Text> texts_of(const Entry& e) {
  const auto& c = *e.component;
  std::vector<Text> out;
  const auto add = [&](const std::string& text, int worth, const std::string& place = "") {
    if (!text.empty()) out.push_back({folded(text), worth, place});
  };
  add(c.name, 100);
  add(e.plugin->name, 60);
  add(std::string(name_of(c.kind)), 40);
  add(c.summary, 30);
  add(c.paper, 20, "paper: " + c.paper);
  add(c.differs, 10, "differs: " + first_sentence(c.differs));
  for (const auto& p : c.params) {
    const auto place = "parameter " + p.name + ": " + first_sentence(p.help);
    add(p.name, 25, place);
    add(p.help, 8, place);
    for (const auto& choice : p.choices) add(choice, 15, place);
  }
  for (const auto& s : c.scalars) {
    const auto place = "coefficient " + s.name + ": " + first_sentence(s.help);
    add(s.name, 25, place);
    add(s.help, 8, place);
  }
  for (const auto& p : c.ports) {
    const auto place =
        std::string(p.output ? "output " : "input ") + p.name + ", " + p.shape + ": " + first_sentence(p.help);
    add(p.name, 15, place);
    add(p.help, 8, place);
  }
  for (const auto& s : c.suffixes) add(s, 15, "files: " + s);
  return out;
}

}  // namespace

bool says(const std::string& text, const std::string& word) { return nearness(folded(text), folded(word)) > 0; }

std::vector<Hit> find_components(const std::vector<Entry>& all, const std::vector<std::string>& words) {
  std::vector<Hit> out;
  for (const auto& e : all) {
    Hit hit{e, 0, {}};
    std::vector<std::pair<int, std::string>> places;
    bool every = !words.empty();
    const auto texts = texts_of(e);
    for (const auto& word : words) {
      int best = 0;
      for (const auto& text : texts) {
        const int score = text.worth * nearness(text.folded, folded(word));
        best = std::max(best, score);
        if (score > 0 && !text.place.empty()) places.emplace_back(score, text.place);
      }
      every = every && best > 0;
      hit.score += best;
    }
    if (!every) continue;
    std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [score, place] : places)
      if (std::find(hit.places.begin(), hit.places.end(), place) == hit.places.end()) hit.places.push_back(place);
    out.push_back(std::move(hit));
  }
  std::stable_sort(out.begin(), out.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
  return out;
}

}  // namespace braid::tools
