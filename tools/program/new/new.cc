// `braid new KIND NAME`: a component's project folder, which builds, conforms and trains as it is made.
#include "commands.h"
#include "new_recipe.h"
#include "print.h"
#include "wrap.h"

#include "cards/store.h"
#include "embedded.h"
#include "recipe/check/check.h"
#include "recipe/document/words.h"

#include <braid/diagnostic.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace braid::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_name = 40;  // a plugin's stamp has room for 47 characters

[[noreturn]] void fail(const char* code, const std::string& what, const std::vector<std::string>& notes,
                       const std::string& suggestion = "") {
  throw Failure(code, "braid new", what, notes, suggestion);
}

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// The kinds that there are templates for, in the order of the SDK's kinds.
std::vector<std::string> kinds() {
  std::vector<std::string> out;
  for (const auto kind : kind_names)
    if (std::any_of(templates().begin(), templates().end(),
                    [&](const EmbeddedFile& t) { return t.path.starts_with(std::string(kind) + "/"); }))
      out.emplace_back(kind);
  return out;
}

std::string kind_of(const std::string& word) {
  const auto made = kinds();
  if (std::find(made.begin(), made.end(), word) != made.end()) return word;
  for (const auto kind : kind_names)
    if (word == kind)
      fail("not-yet", recipe::with_article(word) + " cannot be written yet: the SDK has no base class for this kind",
           {"kinds that can: " + recipe::listed(made)});
  auto known = made;
  known.emplace_back("recipe");
  for (int k = 0; k < static_cast<int>(std::size(kind_names)); ++k) known.push_back(plural_of(static_cast<Kind>(k)));
  auto near = recipe::nearest(word, known);
  for (int k = 0; near && k < static_cast<int>(std::size(kind_names)); ++k)
    if (*near == plural_of(static_cast<Kind>(k))) near = std::string(kind_names[k]);  // "towers"
  fail("command-line", "there is no kind '" + word + "'",
       {near ? "" : "the kinds are " + recipe::listed(made), "braid new KIND NAME, or braid new recipe FILE..."},
       near.value_or(""));
}

// "InBatchSoftmax" for "in_batch_softmax".
std::string type_name(const std::string& name) {
  std::string out;
  bool up = true;
  for (const char c : name) {
    if (c != '_') out += up && lower(c) ? static_cast<char>(c - 32) : c;
    up = c == '_';
  }
  return out;
}

// Words that Meson keeps for itself, and that a target may therefore not be called.
constexpr std::string_view target_words[] = {"all",     "benchmark", "clean", "coverage",  "dist",       "distcheck",
                                             "install", "phony",     "test",  "uninstall", "reconfigure"};

// Why `name` cannot be a component's; empty when it can.
std::string fault_in(const std::string& name) {
  if (const auto* error = error_in_name(name)) return error;
  if (name.find('.') != std::string::npos) return "a name has lower-case letters, digits and '_'";
  if (name.size() > longest_name)
    return "a name has at most " + std::to_string(longest_name) + " characters, this one " +
           std::to_string(name.size());
  for (const auto word : target_words)
    if (name == word) return "Meson keeps this name for itself";
  return "";
}

// The legal name that is nearest to what was typed: "TwoTowers-v2" becomes "two_towers_v2".
std::string legal_name(const std::string& word, const std::string& kind) {
  std::string out;
  for (std::size_t k = 0; k < word.size(); ++k) {
    const char c = word[k];
    const bool up = c >= 'A' && c <= 'Z';
    if (up && k > 0 && (lower(word[k - 1]) || digit(word[k - 1]))) out += '_';
    if (up || lower(c) || digit(c)) out += up ? static_cast<char>(c + 32) : c;
    else if (!out.empty() && out.back() != '_') out += '_';
  }
  while (out.ends_with('_')) out.pop_back();
  if (!out.empty() && !lower(out[0])) out = "my_" + out;
  if (out.size() > longest_name) out.resize(longest_name);
  while (out.ends_with('_')) out.pop_back();
  if (out.empty() || !fault_in(out).empty()) out = out.empty() ? "my_" + kind : "my_" + out;
  return out;
}

void check_name(const std::string& name, const std::string& kind) {
  if (const auto fault = fault_in(name); !fault.empty())
    fail("bad-name", "'" + name + "' is no name for a component: " + fault,
         {"the nearest legal name is '" + legal_name(name, kind) + "'"});
  cards::Store store(cards::around_this_program());
  std::vector<std::string> taken;
  std::string file;
  for (const auto& found : store.all("")) {
    taken.push_back(found.name());
    if (found.name() == name) file = found.file;
  }
  if (file.empty()) return;
  auto other = "my_" + name;
  for (int k = 2; std::find(taken.begin(), taken.end(), other) != taken.end(); ++k)
    other = "my_" + name + "_" + std::to_string(k);
  fail("plugin-clash", "there is a plugin '" + name + "' already, and two plugins of one name are both refused",
       {"it is " + file, "take another name: '" + other + "'"});
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

struct File {
  fs::path path;  // in the project's folder
  std::string text;
};

// The kind's files and those of every kind. A kind's own file takes the place of one that differs in the ending alone.
std::vector<File> project(const std::string& kind, const std::string& name) {
  const auto named = [&](std::string_view text) {
    auto out = std::string(text);
    for (const auto& part : {kind, std::string("component")}) {
      out = replaced(out, "my_" + part, name);
      out = replaced(out, "My" + type_name(part), type_name(name));
    }
    return replaced(replaced(out, "A @KIND@", "A" + recipe::with_article(kind).substr(1)), "@KIND@", kind);
  };
  std::vector<File> out;
  for (const auto& from : {kind, std::string("every")})
    for (const auto& t : templates()) {
      if (!t.path.starts_with(from + "/")) continue;
      const fs::path path = named(t.path.substr(from.size() + 1));
      const auto same = [&](const File& f) {
        return f.path.parent_path() == path.parent_path() && f.path.stem() == path.stem();
      };
      if (from == "every" && std::any_of(out.begin(), out.end(), same)) continue;
      out.push_back({path, named(t.text)});
    }
  return out;
}

}  // namespace

void write_new_file(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) fail("command-line", "'" + path + "' cannot be written: " + std::strerror(errno), {});
}

namespace {

struct New : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "new", "Starts a component of your own, or a recipe for your own tables.",
      "`braid new KIND NAME` makes the folder NAME: one source file that already does something true of its kind, its "
      "test, meson.build, a recipe that uses it on a tiny made world, a README. It builds against the installed SDK "
      "and conforms as it is. KIND is reader, field, tower, fusion, ranker, loss, distiller or metric.\n"
      "`braid new recipe FILE...` reads the first rows of your tables (csv, tsv, other text; gzip'd or not) and prints "
      "a recipe that checks; what is guessed in it is marked so, with the reason."};

  std::string what = argument("KIND|recipe");
  std::vector<std::string> names = arguments("NAME|FILE", Need::optional);
  std::string dir = text("dir", "DIR", "where the component's folder is made; without it, here");
  std::string out =
      text("out", "FILE", "the recipe's file; without it, stdout. Its paths are relative to where it stands");
};

int make_new(const New& asked) {
  const auto& what = asked.what;
  if (what == "recipe") {
    if (!asked.dir.empty())
      fail("command-line", "--dir goes with a component", {"--out FILE: where the recipe is written"});
    return new_recipe(asked.names, asked.out);
  }
  const auto kind = kind_of(what);
  if (!asked.out.empty())
    fail("command-line", "--out goes with `braid new recipe`", {"--dir DIR: where the folder is made"});
  if (asked.names.size() != 1)
    fail("command-line", asked.names.empty() ? "NAME is missing" : "'" + asked.names[1] + "' is one argument too many",
         {"as in: braid new " + kind + " my_" + kind});
  const auto& name = asked.names[0];
  check_name(name, kind);

  const fs::path folder = fs::path(asked.dir.empty() ? "." : asked.dir) / name;
  std::error_code error;
  if (fs::exists(fs::symlink_status(folder, error)))
    fail("command-line", "'" + folder.lexically_normal().string() + "' is there already; it is left as it is",
         {"take another name, or another folder by --dir DIR"});
  const auto files = project(kind, name);
  for (const auto& file : files) {
    fs::create_directories((folder / file.path).parent_path(), error);
    if (error) fail("command-line", "'" + folder.string() + "' cannot be made: " + error.message(), {});
    write_new_file((folder / file.path).string(), file.text);
  }

  std::string text = "made " + folder.lexically_normal().string() + ":";
  for (const auto& file : files) text += " " + file.path.string();
  const auto around = cards::around_this_program();
  const auto pc = fs::path(around.folder) / "../lib/pkgconfig/braid.pc";
  print(wrapped(text, 2) + "\n\nnext:\n  cd " + folder.lexically_normal().string() + "\n" +
        (fs::exists(pc, error) ? "  export PKG_CONFIG_PATH='" + fs::canonical(pc).parent_path().string() + "'\n"
                               : "  # the SDK has to be installed: no braid.pc beside this program. `ninja install` in "
                                 "Braid's checkout\n") +
        "  meson setup build && ninja -C build && meson test -C build --print-errorlogs\n  export "
        "BRAID_PLUGIN_PATH=$PWD/build\n  braid "
        "conform " +
        name + "\n  braid train " + name + ".toml --out run\n");
  return 0;
}

}  // namespace

Command new_command() { return command_of<New, make_new>(); }

}  // namespace braid::tools
