#include "cards/store.h"
#include "log/errors_json.h"

#include "cards/child.h"
#include "cards/gate.h"
#include "cards/header.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace braid::cards {
namespace fs = std::filesystem;
namespace {

std::string first_existing(const std::vector<std::string>& files) {
  std::error_code ignored;
  for (const auto& f : files)
    if (fs::exists(f, ignored)) return fs::weakly_canonical(f, ignored).string();
  return "";
}

std::optional<Card> read_card(const std::string& file) {
  const auto text = read_bytes(file);
  if (!text.error.empty()) return std::nullopt;
  auto read = from_text(text.bytes);
  if (auto* card = std::get_if<Card>(&read)) return std::move(*card);
  return std::nullopt;  // damaged or of another format: it is made again
}

// Text that a terminal and JSON take, whatever a plugin wrote: lines, and '?' for bytes that are no ASCII.
std::string readable(std::string text) {
  for (auto& c : text)
    if (const auto byte = static_cast<unsigned char>(c); (byte < 0x20 && c != '\n') || byte > 0x7e) c = '?';
  return text;
}

// What a child says is wrong with the file, without its name and the code, which the one who shows it adds.
std::string reason(const std::vector<Diagnostic>& errors) {
  std::string out;
  for (const auto& one : errors) {
    out += (out.empty() ? "" : "\n  ") + one.summary();
    for (const auto& note : one.notes) out += "\n  " + note;
  }
  return out;
}

// Whether a card speaks of a file as it was read.
bool fits(const Card& card, const Passed& as_read) {
  return card.file.digest == as_read.file.digest && card.file.size == as_read.file.size &&
         card.schema.name == as_read.stamp.plugin;
}

// Both files of a clash are refused: which one a recipe means would otherwise hang on the order of folders.
void refuse_clashes(std::vector<Found>& all) {
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t k = 0; k < all.size(); ++k)
    if (all[k].card) by_name[all[k].card->schema.name].push_back(k);
  for (auto& [name, places] : by_name) {
    if (places.size() < 2) continue;
    const auto same = [&](std::size_t k) { return all[k].card->file.digest == all[places[0]].card->file.digest; };
    if (std::all_of(places.begin(), places.end(), same)) {  // copies of one file: any will do
      for (std::size_t k = 1; k < places.size(); ++k) all[places[k]].file.clear();
      continue;
    }
    std::string files;
    for (const auto k : places)
      files += "\n    " + all[k].file + "  (" + name + " " + all[k].card->schema.version + ")";
    for (const auto k : places) {
      all[k].refused = "two different files carry the plugin name '" + name + "':" + files +
                       "\n  fix: take one of them off the search path, or rename one in its BRAID_PLUGIN line";
      all[k].card.reset();
    }
  }
  std::erase_if(all, [](const Found& f) { return f.file.empty(); });
}

}  // namespace

std::string Around::sdk_library() const {
  return first_existing({folder + "/core/sdk/libbraid.so", folder + "/../lib/libbraid.so"});
}
std::string Around::run_library() const {
  return first_existing({folder + "/core/libbraid_run.so", folder + "/../lib/libbraid_run.so"});
}

Around around_this_program() {
  std::error_code failed;
  const auto file = fs::read_symlink("/proc/self/exe", failed);
  return {failed ? "." : file.parent_path().string()};
}

std::vector<std::string> plugin_folders(const Around& around, const std::string& recipe_folder) {
  std::vector<std::string> wanted, out;
  if (const char* path = std::getenv("BRAID_PLUGIN_PATH")) {
    std::istringstream parts(path);
    for (std::string one; std::getline(parts, one, ':');)
      if (!one.empty()) wanted.push_back(one);
  }
  if (!recipe_folder.empty()) wanted.push_back(recipe_folder);
  wanted.push_back(around.folder + "/plugins");
  wanted.push_back(around.folder + "/../lib/braid/plugins");
  for (const auto& folder : wanted) {
    std::error_code failed;
    if (!fs::is_directory(folder, failed)) continue;
    const auto whole = fs::canonical(folder, failed).string();
    if (std::find(out.begin(), out.end(), whole) == out.end()) out.push_back(whole);
  }
  return out;
}

std::string cached_card(const std::string& digest) {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string base = cache && *cache ? cache : std::string(home && *home ? home : "/tmp") + "/.cache";
  return base + "/braid/cards/" + digest + ".json";
}

std::string card_beside(const std::string& file) {
  return (file.ends_with(".so") ? file.substr(0, file.size() - 3) : file) + ".card.json";
}

std::string Found::name() const { return called.empty() ? fs::path(file).stem().string() : called; }

const std::variant<Stamp, std::string>& Store::own_stamp() {
  if (!own_) {
    const auto file = around_.sdk_library();
    if (file.empty())
      own_ =
          "braid's own libbraid.so is neither in " + around_.folder + "/core/sdk nor in " + around_.folder + "/../lib";
    else own_ = read_stamp(file);
    if (auto* why = std::get_if<std::string>(&*own_); why && !file.empty()) *why = file + ": " + *why;
  }
  return *own_;
}

Found Store::find(const std::string& file) {
  Found out{file, std::nullopt, "", false, ""};
  const auto* own = std::get_if<Stamp>(&own_stamp());
  if (!own) return out.refused = std::get<std::string>(own_stamp()), out;
  const auto passed = pass(file, *own);
  if (const auto* stopped = std::get_if<Stopped>(&passed)) {
    out.refused = stopped->why;
    out.called = stopped->called;
    return out;
  }
  const auto& as_read = std::get<Passed>(passed);
  out.called = as_read.stamp.plugin;
  for (const auto& place : {card_beside(file), cached_card(as_read.file.digest)})
    if (auto card = read_card(place); card && fits(*card, as_read)) return out.card = std::move(card), out;
  make(out, as_read);
  return out;
}

Voucher Store::vouched(const std::string& file) {
  if (const auto given = given_.find(file); given != given_.end()) return {given->second, ""};
  const auto found = find(file);
  return found.card ? Voucher{found.card->file.digest, ""} : Voucher{"", found.refused};
}

void Store::make(Found& out, const Passed& as_read) {
  std::error_code ignored;
  auto folder = (fs::temp_directory_path(ignored) / "braid-card-XXXXXX").string();
  if (!::mkdtemp(folder.data())) {
    out.refused = "no card can be made: " + folder + ": " + std::strerror(errno);
    return;
  }
  const auto aside = folder + "/card.json";
  const auto ended = run_child({around_.program(), "card", out.file, "--out", aside, "--json"}, 120);
  auto card = ended.how.empty() ? read_card(aside) : std::nullopt;
  fs::remove_all(folder, ignored);
  if (card && !fits(*card, as_read)) {
    out.refused = "it changed while it was looked at: it had the digest " + as_read.file.digest + ", then " +
                  card->file.digest + "\n  fix: wait until it is built, and try again";
    return;
  }
  if (card) {
    write_whole(cached_card(as_read.file.digest), to_text(*card));  // a cache that cannot be written costs time only
    out.card = std::move(card);
    out.made = true;
    return;
  }
  if (const auto why = reason(log::errors_in(ended.printed)); ended.code > 0 && !why.empty()) {
    out.refused = readable(why);
    return;
  }
  auto said = readable(ended.said);
  while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
  out.refused = "the process that loaded it " + (ended.how.empty() ? std::string("wrote no card") : ended.how) +
                "\n  fix: look at its global objects, its entry function and its constructors" +
                (said.empty() ? "" : "\n    it said: " + said);
}

std::vector<Found> Store::all(const std::string& recipe_folder) {
  std::vector<std::string> files;
  for (const auto& folder : plugin_folders(around_, recipe_folder)) {
    std::error_code failed;
    std::vector<std::string> here;
    for (const auto& entry : fs::directory_iterator(folder, failed))
      if (entry.path().extension() == ".so") here.push_back(entry.path().string());
    std::sort(here.begin(), here.end());
    files.insert(files.end(), here.begin(), here.end());
  }
  std::vector<Found> out;
  for (const auto& f : files) out.push_back(find(f));
  refuse_clashes(out);
  return out;
}

namespace {

// Where plugins are built, a list says which there can be: a line each, "KIND/NAME|...".
void list_not_built(const std::string& folder, recipe::World& world) {
  std::ifstream lines(folder + "/source_plugins.txt");
  std::error_code failed;
  const auto build = fs::proximate(fs::path(folder).parent_path(), failed).string();
  for (std::string line; std::getline(lines, line);) {
    line.resize(std::min(line.find('|'), line.size()));
    const auto name = line.substr(line.find('/') + 1);
    if (fs::exists(folder + "/" + name + ".so", failed)) continue;
    world.not_built.emplace_back(
        name, "ninja -C " + build + " plugins/" + name + ".so (ninja -C " + build + " builds all of them)");
  }
}

}  // namespace

recipe::World Store::world(const std::string& recipe_folder) {
  recipe::World world;
  for (const auto& folder : plugin_folders(around_, recipe_folder)) list_not_built(folder, world);
  for (auto& found : all(recipe_folder)) {
    if (found.card) {
      given_[found.file] = found.card->file.digest;
      world.plugins.emplace_back(found.file, std::move(found.card->schema));
    } else {
      world.refused.emplace_back(found.name(), found.file + ": " + found.refused);
    }
  }
  world.header = first_record;
  world.exists = [](const std::string& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
  };
  return world;
}

}  // namespace braid::cards
