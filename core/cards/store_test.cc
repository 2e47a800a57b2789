#include "cards/store.h"

#include "cards/card_testing.h"
#include "log/errors_json.h"

#include <chrono>
#include <cstdlib>

using namespace braid;
using namespace braid::cards::testing;

namespace {

// A build folder with one plugin, 'one', and a script in the program's place, which does as a child may do.
struct Installed {
  Folder folder;
  std::string plugin;
  cards::Card card{{"one", "0.1.0", {}}, {}};

  Installed() {
    ::setenv("XDG_CACHE_HOME", (folder.path / "cache").c_str(), 1);
    ::unsetenv("BRAID_PLUGIN_PATH");
    fs::create_directories(folder.path / "core/sdk");
    fs::create_directories(folder.path / "plugins");
    folder.write("core/sdk/libbraid.so", bytes_of(stamp_of("braid")));
    plugin = folder.write("plugins/one.so", library(stamp_of("one")));
    card.file = cards::facts(plugin);
    program("exit 9");
  }
  void program(const std::string& body) const {
    folder.write("braid", "#!/bin/sh\n" + body + "\n");
    fs::permissions(folder.path / "braid", fs::perms::owner_all);
  }
  // A program that writes this card where it is asked for one.
  void program_makes_card() const {
    folder.write("ready.json", cards::to_text(card));
    program("cp " + (folder.path / "ready.json").string() + " \"$4\"");
  }
  void put_card_beside() const { folder.write("plugins/one.card.json", cards::to_text(card)); }
  cards::Store store() const { return cards::Store(cards::Around{folder.path.string()}); }
  cards::Found find() const { return store().find(plugin); }
};

}  // namespace

TEST_CASE("a child that fails refuses the plugin with its reason") {
  const Installed braid;
  braid.program("kill -SEGV $$");
  CHECK(braid.find().refused.find("signal 11") != std::string::npos);
  braid.program("echo '" + log::errors_json({{"plugin", braid.plugin, "its entry function failed: oh"}}) + "'; exit 1");
  CHECK(braid.find().refused == "its entry function failed: oh");
  braid.program("echo oh >&2; exit 1");  // what is not the program's own word is told as it is
  CHECK(braid.find().refused.find("ended with code 1") != std::string::npos);
  CHECK(braid.find().refused.find("it said: oh") != std::string::npos);
}

TEST_CASE("a card is made by a child once, and then read from the cache") {
  const Installed braid;
  braid.program_makes_card();
  auto found = braid.find();
  CHECK(found.made);
  REQUIRE(found.card);
  CHECK(fs::exists(cards::cached_card(braid.card.file.digest)));
  braid.program("exit 9");  // from here on nobody may be asked
  found = braid.find();
  CHECK_FALSE(found.made);
  REQUIRE(found.card);
  CHECK(found.card->schema.name == "one");
}

TEST_CASE("a card speaks of one digest, wherever it stands and whatever the file's size and time say") {
  Installed braid;
  const auto& folder = braid.folder;
  const auto& plugin = braid.plugin;
  braid.put_card_beside();
  CHECK(braid.find().card);
  fs::last_write_time(plugin, fs::last_write_time(plugin) + std::chrono::hours(1));
  CHECK(braid.find().card);
  const auto time = fs::last_write_time(plugin);
  folder.write("plugins/one.so", library(stamp_of("one"), "a"));
  fs::copy_file(plugin, folder.path / "a.so");
  folder.write("plugins/one.so", library(stamp_of("one"), "b"));  // as long as the other, and as old
  fs::last_write_time(plugin, time);
  braid.card.file = cards::facts((folder.path / "a.so").string());
  braid.put_card_beside();
  fs::create_directories(fs::path(cards::cached_card("")).parent_path());
  folder.write("cache/braid/cards/" + cards::facts(plugin).digest + ".json", cards::to_text(braid.card));
  CHECK_FALSE(braid.find().card);
  braid.card.file = cards::facts(plugin);
  braid.card.schema.name = "another";
  braid.put_card_beside();
  CHECK_FALSE(braid.find().card);
  braid.card.schema.name = "one";
  braid.put_card_beside();
  CHECK(braid.find().card);
}

TEST_CASE("what a child says of a file that changed under it is not kept") {
  const Installed braid;
  braid.program_makes_card();
  braid.folder.write("plugins/one.so", library(stamp_of("one"), "changed"));
  CHECK(braid.find().refused.find("it changed while it was looked at") != std::string::npos);
}

TEST_CASE("who was given a card is told its digest, whatever becomes of the file") {
  const Installed braid;
  braid.put_card_beside();
  const auto& folder = braid.folder;
  auto asked = braid.store();
  REQUIRE(asked.world("").plugins.size() == 1);
  const auto canonical = fs::canonical(braid.plugin).string();
  folder.write("plugins/one.so", library(stamp_of("one"), "changed"));
  CHECK(asked.vouched(canonical).digest == braid.card.file.digest);
  CHECK(braid.store().vouched(canonical).digest.empty());
  CHECK_FALSE(braid.store().vouched(canonical).refused.empty());
}

TEST_CASE("two files of one name are both refused, copies are one plugin") {
  const Installed braid;
  braid.put_card_beside();
  const auto& folder = braid.folder;
  fs::create_directories(folder.path / "recipe");
  const auto write_twin = [&](const std::string& bytes) {
    const auto twin = folder.write("recipe/one.so", bytes);
    auto other = braid.card;
    other.file = cards::facts(twin);
    folder.write("recipe/one.card.json", cards::to_text(other));
    return twin;
  };
  write_twin(library(stamp_of("one")));
  CHECK(braid.store().all((folder.path / "recipe").string()).size() == 1);
  const auto twin = write_twin(library(stamp_of("one"), "other code"));
  const auto all = braid.store().all((folder.path / "recipe").string());
  REQUIRE(all.size() == 2);
  for (const auto& f : all) {
    CHECK_FALSE(f.card);
    CHECK(f.refused.find(fs::canonical(twin).string()) != std::string::npos);
    CHECK(f.refused.find(fs::canonical(braid.plugin).string()) != std::string::npos);
  }
  const auto world = braid.store().world((folder.path / "recipe").string());
  CHECK(world.plugins.empty());
  CHECK(world.refused.size() == 2);
}

TEST_CASE("where plugins are built, those that are not built yet are known, with the command that builds them") {
  const Installed braid;
  braid.put_card_beside();
  CHECK(braid.store().world("").not_built.empty());
  braid.folder.write("plugins/source_plugins.txt", "towers/one|no|one.cc|\nfusions/two|yes|two.cc|two_test.cc\n");
  const auto world = braid.store().world("");
  REQUIRE(world.not_built.size() == 1);
  CHECK(world.not_built[0].first == "two");
  const auto build = fs::proximate(fs::canonical(braid.folder.path)).string();
  CHECK(world.not_built[0].second ==
        "ninja -C " + build + " plugins/two.so (ninja -C " + build + " builds all of them)");
}

TEST_CASE("a plugin of another braid is refused, card or not") {
  const Installed braid;
  braid.put_card_beside();
  const auto& folder = braid.folder;
  auto newer = stamp_of("braid");
  newer.abi = 8;
  folder.write("core/sdk/libbraid.so", bytes_of(newer));
  CHECK(braid.find().refused.find("SDK number") != std::string::npos);
}

TEST_CASE("without libbraid.so it is said what is missing") {
  const Installed braid;
  braid.put_card_beside();
  const auto& folder = braid.folder;
  fs::remove(folder.path / "core/sdk/libbraid.so");
  CHECK(braid.find().refused.find("libbraid.so") != std::string::npos);
}
