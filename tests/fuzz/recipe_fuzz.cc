// Any bytes as a recipe: the checker answers with problems or a plan and never ends the process. Lines "# --set a.b=c"
// at its top are given as --set; what follows a line "# file" is a file beside it, part.toml, which it may include.
#include "tests/toys/cards.h"

#include "driver.h"

#include <sstream>

using namespace braid::recipe;

const std::size_t fuzz::largest_piece = std::size_t{256} << 20;

void fuzz::one(std::string_view input) {
  static const auto world = test_world();
  static const auto folder = fuzz::folder();
  static std::string beside;
  const std::string text(input);
  std::vector<std::string> sets;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with("#");)
    if (line.starts_with("# --set ")) sets.push_back(line.substr(8));
  const auto part = text.find("\n# file\n");
  if (const auto rest = part == text.npos ? "" : text.substr(part + 8); rest != beside) {
    fuzz::file("part.toml", rest);
    beside = rest;
  }
  const auto checked = check_text(text.substr(0, part), folder + "/fuzz.toml", sets, world);
  fuzz::demand(checked.plan.has_value() == checked.problems.empty(), "neither a plan nor a problem, or both");
  for (const auto& problem : checked.problems) {
    fuzz::demand(!problem.tag.empty() && !problem.what.empty() && !problem.place.file.empty(),
                 "a problem without its code, words or place");
    (void)problem.text();
  }
  if (checked.plan) {  // what it accepts, it accepts again as resolved, and resolves it to the same text
    const auto again = check_text(checked.plan->resolved, "again.toml", {}, world);
    std::string why;
    for (const auto& problem : again.problems) why += problem.text() + "\n";
    fuzz::demand(again.plan.has_value(), "what the checker wrote it does not accept", checked.plan->resolved + why);
    fuzz::demand(again.plan->resolved == checked.plan->resolved, "what the checker wrote is read as something else",
                 checked.plan->resolved + "\n----\n" + again.plan->resolved);
  }
}
