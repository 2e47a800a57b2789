// Broken recipes and what the checker says of them, word for word: TAG.toml has TAG.expected beside it. Lines
// "# --set a.b=c" at a recipe's top are given as --set. `--write` writes the expected texts anew, to be read by eye.
#include "error_examples.h"
#include "recipe/tags.h"
#include "recipe/test_cards.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

namespace fs = std::filesystem;
using namespace braid::recipe;
using braid::example_of, braid::side_of;

namespace {

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream out;
  out << stream.rdbuf();
  return out.str();
}

std::vector<std::string> sets_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with("#");)
    if (line.starts_with("# --set ")) out.push_back(line.substr(8));
  return out;
}

struct Said {
  std::string text;
  std::vector<Problem> all;
  bool plan = false;
};

Said said_of(const std::string& file, const World& world) {
  const auto checked = check(file, sets_of(content(file)), world);
  Said out;
  out.plan = checked.plan.has_value();
  out.all = checked.problems;
  out.all.insert(out.all.end(), checked.warnings.begin(), checked.warnings.end());
  for (const auto& problem : out.all) out.text += problem.text() + "\n";
  if (out.plan) out.text += "ok\n";
  return out;
}

int failures = 0;
void expect(bool good, const std::string& what) {
  if (good) return;
  ++failures;
  std::cerr << "FAILED: " << what << "\n";
}

void compare(const std::string& name, const std::string& got, const std::string& wanted) {
  if (got == wanted) return;
  expect(false, name + ": other words than expected\n--- expected\n" + wanted + "--- got\n" + got);
}

// Every tag's example shows that tag, and its fix leaves nothing to say.
void try_examples(const World& world) {
  auto folder = (fs::temp_directory_path() / "braid-examples-XXXXXX").string();
  if (!::mkdtemp(folder.data())) return expect(false, "no temporary folder");
  for (const auto* part : {"good", "runs"}) fs::copy(part, fs::path(folder) / part, fs::copy_options::recursive);
  const auto file = folder + "/example.toml";
  const auto said = [&](std::string_view change, char side) {
    auto text = side_of(change, side);
    const auto sets = text.starts_with("# --set ") ? text : "";
    if (text.find("include = ") == text.npos && !text.starts_with("braid = 1\n["))
      text = "include = [\"good/base.toml\"]\n" + text;
    std::ofstream(file, std::ios::binary) << sets << text;
    return said_of(file, world);
  };
  for (const auto& info : all_tags()) {
    const std::string tag(info.tag);
    const auto change = example_of(tag);
    expect(!change.empty(), "tools/program/error_examples.diff has no example of " + tag);
    const auto broken = said(change, '-'), mended = said(change, '+');
    expect(std::any_of(broken.all.begin(), broken.all.end(), [&](const Problem& p) { return p.tag == tag; }),
           "the example of " + tag + " does not give it, but\n" + broken.text);
    expect(broken.plan == info.warning, "the example of " + tag + " runs, or does not");
    expect(mended.plan && mended.all.empty(), "the example of " + tag + " is not mended:\n" + mended.text);
  }
  fs::remove_all(folder);
}

}  // namespace

// Runs in the folder of the recipes.
int main(int argc, char** argv) {
  const bool write = argc > 1 && std::string(argv[1]) == "--write";
  const auto world = test_world();
  std::set<std::string> tags, files;
  for (const auto& info : all_tags()) {
    expect(tags.insert(std::string(info.tag)).second, std::string(info.tag) + " is listed twice");
    expect(!info.meaning.empty() && !info.mend.empty(), std::string(info.tag) + " is not explained");
  }
  std::set<std::string> run;
  for (const auto& info : run_tags()) {
    const std::string tag(info.tag);
    expect(run.insert(tag).second && !tags.contains(tag), tag + " is listed twice");
    expect(!info.meaning.empty() && !info.mend.empty() && side_of(info.change, '-') != side_of(info.change, '+'),
           tag + " is not explained");
  }
  expect(
      std::is_sorted(run_tags().begin(), run_tags().end(), [](const auto& a, const auto& b) { return a.tag < b.tag; }),
      "the tags of commands are not sorted");
  expect(
      std::is_sorted(all_tags().begin(), all_tags().end(), [](const auto& a, const auto& b) { return a.tag < b.tag; }),
      "tags are not sorted");

  std::vector<fs::path> recipes;
  for (const auto& entry : fs::directory_iterator("."))
    if (entry.path().extension() == ".toml") recipes.push_back(entry.path().filename());
  std::sort(recipes.begin(), recipes.end());
  for (const auto& recipe : recipes) {
    const auto name = recipe.stem().string();
    files.insert(name);
    const auto said = said_of(recipe.string(), world);
    for (const auto& problem : said.all)
      expect(tags.contains(problem.tag), name + ": the tag " + problem.tag + " is not in tags.cc");
    if (tags.contains(name))
      expect(std::any_of(said.all.begin(), said.all.end(), [&](const Problem& p) { return p.tag == name; }),
             name + ".toml does not give its own tag");
    const fs::path expected = name + ".expected";
    if (write) std::ofstream(expected, std::ios::binary) << said.text;
    else compare(name, said.text, content(expected));
    if (name == "twelve")
      expect(said.all.size() == 12, "twelve.toml has " + std::to_string(said.all.size()) + " problems");
  }
  for (const auto& tag : tags) expect(files.contains(tag), "no recipe in tests/errors shows the tag " + tag);

  std::vector<fs::path> good;
  for (const auto& entry : fs::directory_iterator("good"))
    if (entry.path().extension() == ".toml") good.push_back(entry.path());
  expect(!good.empty(), "no good recipe");
  for (const auto& recipe : good) {
    const auto said = said_of(recipe.string(), world);
    expect(said.plan && said.all.empty(), recipe.string() + " is good and was refused:\n" + said.text);
  }
  try_examples(world);
  if (failures == 0) std::cout << recipes.size() << " broken and " << good.size() << " good recipes\n";
  return failures != 0;
}
