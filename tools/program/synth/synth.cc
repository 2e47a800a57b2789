// `braid data synth`: a small world whose truth is known, written as tables and pictures.
#include "commands.h"
#include "print.h"
#include "synth_media.h"
#include "synth_world.h"

#include <braid/diagnostic.h>

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace braid::tools {
namespace {

namespace fs = std::filesystem;

struct Synth : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "data synth", "Writes a small world whose truth is known: tables, posters, descriptions.",
      "Items have a taste that their poster shows in one part, their description in another, and nothing in a third; "
      "users click by their own. Files: items.tsv.gz, users.tsv.gz, events.tsv.gz, posters/, vocab.txt, and "
      "truth.tsv.gz with each event's probability, and the probability for one who knows the user and all content but "
      "not the third part. A fifth of the items appears in the last fifth of the events only. The same options give "
      "the same files."};

  std::string out =
      text("out", "DIR", "the folder to write; one that holds the same world already is left as it is", Need::required);
  std::int64_t users = whole("users", "N", "users; default 1000", {1}, SynthOptions{}.users);
  std::int64_t items = whole("items", "M", "items, at least 5; default 2000", {5}, SynthOptions{}.items);
  std::int64_t events = whole("events", "K", "events; default 120000", {1}, SynthOptions{}.events);
  std::int64_t seed = whole("seed", "S", "default 1", {0}, static_cast<std::int64_t>(SynthOptions{}.seed));
};

// Throws std::system_error naming the file.
void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
}

// A text file of tab-separated lines, gzip'd without a date.
class Table {
 public:
  explicit Table(fs::path path) : path_(std::move(path)) {}
  template <typename... Cells>
  void row(const std::string& first, const Cells&... rest) {
    text_ += first;
    ((text_ += '\t', text_ += rest), ...);
    text_ += '\n';
  }
  void save() const {
    auto* file = gzopen(path_.c_str(), "wb6");
    bool good = file != nullptr;
    for (std::size_t at = 0; good && at < text_.size(); at += 1 << 20) {
      const auto size = static_cast<unsigned>(std::min<std::size_t>(1 << 20, text_.size() - at));
      good = gzwrite(file, text_.data() + at, size) == static_cast<int>(size);
    }
    const int reason = errno;
    if (file && gzclose(file) != Z_OK) good = false;
    if (!good) throw std::system_error(reason, std::generic_category(), "cannot write " + path_.string());
  }

 private:
  fs::path path_;
  std::string text_;
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

std::string key(char kind, std::size_t index, std::size_t count) {
  std::string digits = std::to_string(index + 1);
  return kind + std::string(std::to_string(count).size() - digits.size(), '0') + digits;
}

std::string about(const SynthOptions& o) {
  return "{\"made_by\": \"braid data synth\", \"world\": 1, \"users\": " + std::to_string(o.users) +
         ", \"items\": " + std::to_string(o.items) + ", \"events\": " + std::to_string(o.events) +
         ", \"seed\": " + std::to_string(o.seed) + "}\n";
}

void write_items(const fs::path& folder, const SynthWorld& world, std::uint64_t seed) {
  fs::create_directories(folder / "posters");
  Table table(folder / "items.tsv.gz");
  table.row("item", "title", "description", "poster");
  for (std::size_t i = 0; i < world.items.size(); ++i) {
    const auto& item = world.items[i];
    const auto name = key('i', i, world.items.size());
    std::string poster;
    if (item.has_poster) {
      const bool png = Draws(seed, "format", i).uniform() < 0.5;
      poster = name + (png ? ".png" : ".jpg");
      const auto rgb = draw_poster(item, Draws(seed, "poster", i));
      write_file(folder / "posters" / poster, (png ? to_png : to_jpeg)(rgb, poster_width, poster_height));
    }
    table.row(name, name_item(Draws(seed, "title", i)),
              item.has_text ? describe_item(item, Draws(seed, "words", i)) : "", poster);
  }
  table.save();
}

void write_users(const fs::path& folder, const SynthWorld& world) {
  Table table(folder / "users.tsv.gz");
  table.row("user", "club");
  for (std::size_t u = 0; u < world.users.size(); ++u)
    table.row(key('u', u, world.users.size()), "c" + std::to_string(world.users[u].club + 1));
  table.save();
}

void write_events(const fs::path& folder, const SynthWorld& world) {
  Table events(folder / "events.tsv.gz"), truth(folder / "truth.tsv.gz");
  events.row("user", "item", "time", "clicked");
  truth.row("user", "item", "time", "kind", "probability", "content_probability");
  for (const auto& e : world.events) {
    const auto user = key('u', e.user, world.users.size()), item = key('i', e.item, world.items.size());
    const auto time = std::to_string(e.time);
    events.row(user, item, time, e.clicked ? "1" : "0");
    truth.row(user, item, time, world.items[e.item].cold ? "cold" : "warm", number(e.probability),
              number(e.content_probability));
  }
  events.save();
  truth.save();
}

void write_world(const fs::path& folder, const SynthOptions& options) {
  const auto world = make_world(options);
  write_items(folder, world, options.seed);
  write_users(folder, world);
  write_events(folder, world);
  write_file(folder / "vocab.txt", vocabulary());
  write_file(folder / "synth.json", about(options));
}

std::string read_small(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What stands at --out already: nothing, this very world, or something that is not ours to touch.
bool already_there(const fs::path& folder, const SynthOptions& options) {
  if (!fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder))) return false;
  if (read_small(folder / "synth.json") == about(options)) return true;
  throw Failure("command-line", "braid data synth", folder.string() + " exists and is no world of these options",
                {"choose another --out, or remove the folder"});
}

int synth(const Synth& asked) {
  if (asked.out.empty()) throw Failure("command-line", "braid data synth", "--out is empty");
  const SynthOptions options{asked.users, asked.items, asked.events, static_cast<std::uint64_t>(asked.seed)};
  const fs::path folder = fs::path(asked.out).lexically_normal();
  try {
    if (already_there(folder, options)) {
      print(folder.string() + " holds this world already\n");
      return 0;
    }
    // Written aside and renamed: a folder of that name is a whole world.
    const auto trimmed = folder.has_filename() ? folder : folder.parent_path();
    const fs::path aside = trimmed.string() + ".unfinished";
    fs::remove_all(aside);
    fs::create_directories(aside);
    write_world(aside, options);
    fs::remove(folder);  // an empty folder, or nothing
    fs::rename(aside, trimmed);
  } catch (const std::system_error& e) {
    throw Failure("files", "braid data synth", e.what());
  }
  print(folder.string() + ": " + std::to_string(options.users) + " users, " + std::to_string(options.items) +
        " items, " + std::to_string(options.events) + " events, seed " + std::to_string(options.seed) + "\n");
  return 0;
}

}  // namespace

Command synth_command() { return command_of<Synth, synth>(); }

}  // namespace braid::tools
