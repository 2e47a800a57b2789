// `braid find`.
#include "find.h"

#include "commands.h"
#include "recipe/words.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <sstream>

namespace braid::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string folded(std::string text) {
  for (auto& c : text) c = c == '-' || c == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool letter(char c) { return std::isalnum(static_cast<unsigned char>(c)); }

// 0: not there; 1: inside a word; 2: a word starts with it; 3: a word of its own.
int nearness(const std::string& text, const std::string& word) {
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

int find_command(const Call& call) {
  std::vector<std::string> words;
  for (const auto& argument : call.arguments) {
    std::istringstream parts(argument);
    for (std::string word; parts >> word;) words.push_back(word);
  }
  if (words.empty()) throw Usage("braid find: error: TEXT is empty [command-line]");
  cards::Store store(cards::around_this_program());
  const auto found = store.all(here());
  const auto entries = catalogue(found);
  const auto hits = find_components(entries, words);
  std::vector<const cards::Found*> refused;  // of these only the name is known
  for (const auto& f : found)
    if (!f.card && std::all_of(words.begin(), words.end(),
                               [&](const auto& word) { return nearness(folded(f.name()), folded(word)) > 0; }))
      refused.push_back(&f);
  if (call.has("json")) {
    auto all = Json::array();
    for (const auto& hit : hits)
      all.push_back({{"name", name_in_recipes(hit.entry)},
                     {"kind", name_of(hit.entry.component->kind)},
                     {"summary", hit.entry.component->summary},
                     {"score", hit.score},
                     {"places", hit.places},
                     {"file", *hit.entry.file},
                     {"state", "usable"}});
    for (const auto* f : refused)
      all.push_back({{"name", f->name()},
                     {"kind", nullptr},
                     {"summary", ""},
                     {"file", f->file},
                     {"state", "refused"},
                     {"reason", f->refused}});
    print(all.dump(2) + "\n");
    return all.empty() ? 1 : 0;
  }
  if (hits.empty() && refused.empty()) {
    std::vector<std::string> names;
    for (const auto& e : entries) names.push_back(e.component->name);
    const auto near = recipe::nearest(words[0], names);
    std::cerr << "braid find: nothing says " << recipe::quote(recipe::listed(words)) << '\n'
              << (near ? "  did you mean " + recipe::quote(*near) + "?\n" : "")
              << "  `braid list` names all components\n";
    return 1;
  }
  constexpr std::size_t most_places = 3;
  std::string out;
  for (const auto& hit : hits) {
    const auto name = name_in_recipes(hit.entry);
    out += (stdout_is_terminal() ? "\x1b[1m" + name + "\x1b[0m" : name) + ", a " +
           std::string(name_of(hit.entry.component->kind)) + "\n  " +
           wrapped(first_sentence(hit.entry.component->summary), 2) + "\n";
    for (std::size_t k = 0; k < hit.places.size() && k < most_places; ++k)
      out += "    " + wrapped(hit.places[k], 6) + "\n";
  }
  if (!refused.empty()) out += (out.empty() ? "" : "\n") + refused_text(refused);
  print(out);
  return 0;
}

}  // namespace braid::tools
