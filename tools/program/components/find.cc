// `braid find`.
#include "commands.h"
#include "describe.h"
#include "print.h"
#include "recipe/document/words.h"
#include "search.h"
#include "wrap.h"

#include <braid/diagnostic.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <sstream>

namespace braid::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Find : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "find", "Finds components by words: in names, summaries, parameters, ports and papers.",
      "All words have to be there, each may stand inside another one. The best hits come first. Exit code 1: none."};

  std::vector<std::string> texts = arguments("TEXT");
  bool json = json_option();
};

using Refused = std::vector<const cards::Found*>;  // of these only the name is known

Json json_of(const std::vector<Hit>& hits, const Refused& refused) {
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
  return all;
}

std::string text_of(const std::vector<Hit>& hits, const Refused& refused) {
  constexpr std::size_t most_places = 3;
  std::string out;
  for (const auto& hit : hits) {
    out += bold(name_in_recipes(hit.entry), stdout_is_terminal()) + ", " +
           recipe::with_article(name_of(hit.entry.component->kind)) + "\n  " +
           wrapped(first_sentence(hit.entry.component->summary), 2) + "\n";
    for (std::size_t k = 0; k < hit.places.size() && k < most_places; ++k)
      out += "    " + wrapped(hit.places[k], 6) + "\n";
  }
  if (!refused.empty()) out += (out.empty() ? "" : "\n") + refused_text(refused);
  return out;
}

int find(const Find& asked) {
  std::vector<std::string> words;
  for (const auto& argument : asked.texts) {
    std::istringstream parts(argument);
    for (std::string word; parts >> word;) words.push_back(word);
  }
  if (words.empty()) throw Failure("command-line", "braid find", "TEXT is empty");
  cards::Store store(cards::around_this_program());
  const auto found = store.all(here());
  const auto entries = catalogue(found);
  const auto hits = find_components(entries, words);
  Refused refused;
  for (const auto& f : found)
    if (!f.card && std::all_of(words.begin(), words.end(), [&](const auto& word) { return says(f.name(), word); }))
      refused.push_back(&f);
  const bool none = hits.empty() && refused.empty();
  if (asked.json) return print(json_of(hits, refused).dump(2) + "\n"), none ? 1 : 0;
  if (!none) return print(text_of(hits, refused)), 0;
  std::vector<std::string> names;
  for (const auto& e : entries) names.push_back(e.component->name);
  const auto near = recipe::nearest(words[0], names);
  std::cerr << "braid find: nothing says " << recipe::quote(recipe::listed(words)) << '\n'
            << (near ? "  did you mean " + recipe::quote(*near) + "?\n" : "")
            << "  `braid list` names all components\n";
  return 1;
}

}  // namespace

Command find_command() { return command_of<Find, find>(); }

}  // namespace braid::tools
