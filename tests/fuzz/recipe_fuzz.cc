// Any bytes as a recipe: the checker answers with problems or a plan and never ends the process. With clang this is a
// libFuzzer target; otherwise it mutates the recipes given on the command line, in an order that is the same every
// time.
#include "recipe/test_cards.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace braid::recipe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto world = test_world();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto checked = check_text(text, "fuzz.toml", {}, world);
  if (checked.plan.has_value() != checked.problems.empty()) std::abort();
  for (const auto& problem : checked.problems)
    if (problem.tag.empty() || problem.place.file.empty()) std::abort();
  if (checked.plan) {  // what it accepts, it accepts again as resolved
    const auto again = check_text(checked.plan->resolved, "again.toml", {}, world);
    if (!again.plan) {
      std::cerr << checked.plan->resolved << "\n";
      for (const auto& problem : again.problems) std::cerr << problem.text() << "\n";
      std::abort();
    }
  }
  (void)parse_expression(text);
  return 0;
}

#ifndef BRAID_LIBFUZZER
namespace {

struct Random {  // SplitMix64
  std::uint64_t state;
  std::uint64_t next() {
    auto z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
};

// Bytes changed, lines moved, doubled or left out.
std::string mutated(std::string text, Random& random) {
  static const std::string interesting = "\"'[]{}=.,#$*?~\\\n\t 019-+:%()<>";
  for (std::size_t k = 1 + random.below(4); k-- > 0 && !text.empty();) {
    const auto at = random.below(text.size());
    switch (random.below(5)) {
      case 0:
        text[at] = interesting[random.below(interesting.size())];
        break;
      case 1:
        text.erase(at, 1 + random.below(8));
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(random.below(256)));
        break;
      case 3:
        text.insert(at, text.substr(random.below(text.size()), 1 + random.below(60)));
        break;
      default: {
        const auto line = text.rfind('\n', at);
        const auto end = text.find('\n', at);
        if (line != std::string::npos && end != std::string::npos) text.erase(line, end - line);
      }
    }
  }
  return text;
}

}  // namespace

// recipe_fuzz ROUNDS FOLDER...
int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::vector<std::string> texts;
  for (int k = 2; k < argc; ++k)
    for (const auto& entry : std::filesystem::directory_iterator(argv[k]))
      if (entry.path().extension() == ".toml") {
        std::ifstream stream(entry.path(), std::ios::binary);
        texts.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
      }
  if (texts.empty()) return 2;
  std::sort(texts.begin(), texts.end());
  for (const auto& text : texts)
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  Random random{1};
  const auto rounds = std::strtoul(argv[1], nullptr, 10);
  for (std::size_t k = 0; k < rounds; ++k) {
    const auto text = mutated(texts[k % texts.size()], random);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
  std::cout << rounds << " recipes\n";
  return 0;
}
#endif
