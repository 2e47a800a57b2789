// A built plugin's file, changed in many ways, given to what finds plugins: each is refused with words that can be
// shown, in time, and no card that belongs to the file as it was is given to the file as it is.
//
//     mutants PLUGIN.so ROUNDS
//
// Children are stand-ins that end as children may: no code of the file runs here. (test_mutants gives some hundred to
// the program, whose children load them.) The order is the same every time.
#include "cards/card.h"
#include "cards/store.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

namespace fs = std::filesystem;
using namespace braid;

namespace {

struct Random {  // SplitMix64
  std::uint64_t state;
  std::uint64_t next() {
    auto z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return n ? static_cast<std::size_t>(next() % n) : 0; }
};

// A place that matters more often than chance would have it: the headers, the stamp, the tables at the end.
std::size_t place(const std::string& bytes, std::size_t stamp, Random& random) {
  switch (random.below(4)) {
    case 0:
      return random.below(std::min<std::size_t>(bytes.size(), 700));
    case 1:
      return std::min(bytes.size() - 1, stamp + random.below(sizeof(Stamp)));
    case 2:
      return bytes.size() - 1 - random.below(std::min<std::size_t>(bytes.size(), 4000));
    default:
      return random.below(bytes.size());
  }
}

std::string mutated(std::string bytes, std::size_t stamp, Random& random) {
  for (auto times = 1 + random.below(3); times-- > 0 && !bytes.empty();) {
    const auto at = place(bytes, stamp, random);
    const auto length = std::min(bytes.size() - at, 1 + random.below(std::size_t{1} << random.below(13)));
    switch (random.below(7)) {
      case 0:
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3: {  // two blocks change places
        const auto other = random.below(bytes.size() - length + 1);
        if (other + length <= at || at + length <= other)
          std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                           bytes.begin() + static_cast<std::ptrdiff_t>(at + length),
                           bytes.begin() + static_cast<std::ptrdiff_t>(other));
        break;
      }
      case 4:
        std::memset(bytes.data() + at, static_cast<int>(random.below(2) * 255), length);
        break;
      case 5:
        bytes.insert(random.below(bytes.size()), bytes.substr(at, length));
        break;
      default:
        for (auto k = at; k < at + std::min<std::size_t>(length, 16); ++k) bytes[k] = static_cast<char>(random.next());
    }
  }
  return bytes;
}

void write(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

[[noreturn]] void fail(std::size_t round, const std::string& what) {
  std::cerr << "round " << round << ": " << what << "\n";
  std::exit(1);
}

// How a child may end, as shell scripts: $2 is the plugin, $4 where the card is to go.
constexpr const char* endings[] = {
    "kill -SEGV $$",
    "printf '%s: error: \\377 \\033[2J no [plugin]\\n' \"$2\" >&2; exit 1",
    "exit 0",
    "printf '{\"braid_card\": 2, \"file\": 7}' > \"$4\"",
    "cp \"$CARD\" \"$4\"",  // the card of the file as it was
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const fs::path plugin = argv[1];
  const auto original = cards::read_bytes(plugin.string()).bytes;
  const auto stamp = cards::find_stamp(original.data(), original.size());
  if (!std::holds_alternative<Stamp>(stamp)) fail(0, std::get<std::string>(stamp));
  auto own = std::get<Stamp>(stamp);
  const std::string text(reinterpret_cast<const char*>(&own), sizeof own);
  const auto stamp_at = original.find(text);

  auto folder = (fs::temp_directory_path() / "braid-mutants-XXXXXX").string();
  if (!::mkdtemp(folder.data())) return 2;
  const fs::path here = folder;
  ::setenv("XDG_CACHE_HOME", (here / "cache").c_str(), 1);
  const auto file = (here / plugin.filename()).string();
  cards::Card card;
  card.schema.name = own.plugin;
  card.file = cards::facts_of(original);
  write(cards::card_beside(file), cards::to_text(card));
  write(here / "ready.json", cards::to_text(card));
  ::setenv("CARD", (here / "ready.json").c_str(), 1);
  std::vector<cards::Store> stores;
  for (const auto* ending : endings) {
    const auto around = here / std::to_string(stores.size());
    fs::create_directories(around / "core/sdk");
    write(around / "core/sdk/libbraid.so", text);
    write(around / "braid", std::string("#!/bin/sh\n") + ending + "\n");
    fs::permissions(around / "braid", fs::perms::owner_all);
    stores.emplace_back(cards::Around{around.string()});
  }
  write(file, original);
  if (!stores[0].find(file).card) fail(0, "the file as it was built is refused: " + stores[0].find(file).refused);

  Random random{20'000};
  std::map<std::string, std::size_t> reasons;
  std::size_t accepted = 0;
  double slowest = 0;
  const auto rounds = std::strtoul(argv[2], nullptr, 10);
  for (std::size_t k = 0; k < rounds; ++k) {
    const auto bytes = mutated(original, stamp_at, random);
    write(file, bytes);
    const auto begin = std::chrono::steady_clock::now();
    const auto found = stores[k % stores.size()].find(file);
    slowest = std::max(slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (found.card) {
      if (bytes != original) fail(k, "a changed file got a card that was made of another");
      ++accepted;  // changed and changed back
      continue;
    }
    if (found.refused.empty()) fail(k, "refused without a reason");
    for (const char c : found.refused + found.name())
      if (static_cast<unsigned char>(c) > 0x7e || (c < 0x20 && c != '\n')) fail(k, "the reason cannot be shown");
    auto reason = found.refused.substr(0, found.refused.find_first_of(":\n"));
    reason.resize(std::min(reason.size(), reason.find_first_of("0123456789'")));
    ++reasons[reason];
  }
  fs::remove_all(here);
  for (const auto& [reason, times] : reasons) std::cout << times << "\t" << reason << "\n";
  std::cout << rounds << " files, " << accepted << " of them unchanged; the slowest took " << slowest * 1e3 << " ms\n";
  if (slowest > 1.0) fail(rounds, "one took more than a second");
  return 0;
}
