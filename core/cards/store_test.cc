#include "cards/store.h"

#include "cards/card_testing.h"
#include "log/errors_json.h"

#include <chrono>
#include <cstdlib>

using namespace braid;
using namespace braid::cards::testing;

// A stand-in for the program and for libbraid.so: a script that fails as a child may fail.
TEST_CASE("cards: beside the file, in the cache, made by a child, refused with the child's reason") {
  const Folder folder;
  ::setenv("XDG_CACHE_HOME", (folder.path / "cache").c_str(), 1);
  ::unsetenv("BRAID_PLUGIN_PATH");
  fs::create_directories(folder.path / "core/sdk");
  fs::create_directories(folder.path / "plugins");
  folder.write("core/sdk/libbraid.so", bytes_of(stamp_of("braid")));
  const auto plugin = folder.write("plugins/one.so", library(stamp_of("one")));
  const auto program = [&](const std::string& body) {
    folder.write("braid", "#!/bin/sh\n" + body + "\n");
    fs::permissions(folder.path / "braid", fs::perms::owner_all);
  };
  cards::Card card{{"one", "0.1.0", {}}, cards::facts(plugin)};
  const auto store = [&] { return cards::Store(cards::Around{folder.path.string()}); };

  program("kill -SEGV $$");
  auto found = store().find(plugin);
  CHECK(found.refused.find("signal 11") != std::string::npos);
  program("echo '" + log::errors_json({{"plugin", plugin, "its entry function failed: oh"}}) + "'; exit 1");
  CHECK(store().find(plugin).refused == "its entry function failed: oh");
  program("echo oh >&2; exit 1");  // what is not the program's own word is told as it is
  CHECK(store().find(plugin).refused.find("ended with code 1") != std::string::npos);
  CHECK(store().find(plugin).refused.find("it said: oh") != std::string::npos);

  folder.write("ready.json", cards::to_text(card));
  program("cp " + (folder.path / "ready.json").string() + " \"$4\"");
  found = store().find(plugin);
  CHECK(found.made);
  REQUIRE(found.card);
  CHECK(fs::exists(cards::cached_card(card.file.digest)));
  program("exit 9");  // from here on nobody may be asked
  found = store().find(plugin);
  CHECK_FALSE(found.made);
  REQUIRE(found.card);
  CHECK(found.card->schema.name == "one");

  // A card speaks of one digest, wherever it stands and whatever the file's size and time say.
  fs::remove(cards::cached_card(card.file.digest));
  folder.write("plugins/one.card.json", cards::to_text(card));
  CHECK(store().find(plugin).card);
  fs::last_write_time(plugin, fs::last_write_time(plugin) + std::chrono::hours(1));
  CHECK(store().find(plugin).card);
  const auto time = fs::last_write_time(plugin);
  folder.write("plugins/one.so", library(stamp_of("one"), "a"));
  fs::copy_file(plugin, folder.path / "a.so");
  folder.write("plugins/one.so", library(stamp_of("one"), "b"));  // as long as the other, and as old
  fs::last_write_time(plugin, time);
  card.file = cards::facts((folder.path / "a.so").string());
  folder.write("plugins/one.card.json", cards::to_text(card));
  folder.write("cache/braid/cards/" + cards::facts(plugin).digest + ".json", cards::to_text(card));
  CHECK_FALSE(store().find(plugin).card);
  card.file = cards::facts(plugin);
  card.schema.name = "another";
  folder.write("plugins/one.card.json", cards::to_text(card));
  CHECK_FALSE(store().find(plugin).card);
  card.schema.name = "one";
  folder.write("plugins/one.card.json", cards::to_text(card));
  CHECK(store().find(plugin).card);
  // What a child says of a file that changed under it is not kept.
  fs::remove(folder.path / "plugins/one.card.json");
  program("cp " + (folder.path / "ready.json").string() + " \"$4\"");
  CHECK(store().find(plugin).refused.find("it changed while it was looked at") != std::string::npos);
  program("exit 9");
  folder.write("plugins/one.so", library(stamp_of("one")));
  card.file = cards::facts(plugin);
  folder.write("plugins/one.card.json", cards::to_text(card));

  SUBCASE("who was given a card is told its digest, whatever becomes of the file") {
    auto asked = store();
    REQUIRE(asked.world("").plugins.size() == 1);
    const auto canonical = fs::canonical(plugin).string();
    folder.write("plugins/one.so", library(stamp_of("one"), "changed"));
    CHECK(asked.vouched(canonical).digest == card.file.digest);
    CHECK(store().vouched(canonical).digest.empty());
    CHECK_FALSE(store().vouched(canonical).refused.empty());
  }
  SUBCASE("two files of one name are both refused, copies are one plugin") {
    fs::create_directories(folder.path / "recipe");
    const auto write_twin = [&](const std::string& bytes) {
      const auto twin = folder.write("recipe/one.so", bytes);
      auto other = card;
      other.file = cards::facts(twin);
      folder.write("recipe/one.card.json", cards::to_text(other));
      return twin;
    };
    write_twin(library(stamp_of("one")));
    CHECK(store().all((folder.path / "recipe").string()).size() == 1);
    const auto twin = write_twin(library(stamp_of("one"), "other code"));
    const auto all = store().all((folder.path / "recipe").string());
    REQUIRE(all.size() == 2);
    for (const auto& f : all) {
      CHECK_FALSE(f.card);
      CHECK(f.refused.find(fs::canonical(twin).string()) != std::string::npos);
      CHECK(f.refused.find(fs::canonical(plugin).string()) != std::string::npos);
    }
    const auto world = store().world((folder.path / "recipe").string());
    CHECK(world.plugins.empty());
    CHECK(world.refused.size() == 2);
  }
  SUBCASE("a plugin of another braid is refused, card or not") {
    auto newer = stamp_of("braid");
    newer.abi = 8;
    folder.write("core/sdk/libbraid.so", bytes_of(newer));
    CHECK(store().find(plugin).refused.find("SDK number") != std::string::npos);
  }
  SUBCASE("without libbraid.so it is said what is missing") {
    fs::remove(folder.path / "core/sdk/libbraid.so");
    CHECK(store().find(plugin).refused.find("libbraid.so") != std::string::npos);
  }
}
