// Finds plugins and their cards; makes missing cards in a child process. All that `check`, `list` and `describe` need.
#pragma once

#include "cards/card.h"
#include "cards/gate.h"
#include "recipe/check/check.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::cards {

// Where things stand around the program's file: `folder` holds `braid`; plugins and libraries are found from it.
struct Around {
  std::string folder;
  std::string program() const { return folder + "/braid"; }
  std::string sdk_library() const;  // libbraid.so; empty when it is nowhere
  std::string run_library() const;  // libbraid_run.so; empty when it is nowhere
};
// The folder of the running program's own file.
Around around_this_program();

// Folders that are searched for plugins, in order: BRAID_PLUGIN_PATH (':' between), the recipe's folder, `plugins`
// beside the program, `../lib/braid/plugins`. Only those that exist, each once; `recipe_folder` may be empty.
std::vector<std::string> plugin_folders(const Around& around, const std::string& recipe_folder);

// A plugin's file as found: its card, or why it cannot be used.
struct Found {
  std::string file;
  std::optional<Card> card;
  std::string refused;       // text without place; may have further lines
  bool made = false;         // the card was made just now
  std::string called;        // the plugin's name by its stamp; empty without one
  std::string name() const;  // that, or the file's without its ending
};

// A card speaks of one version of a file, by digest: a file that changed is looked at anew, and has no card until a
// child process has loaded it.
class Store {
 public:
  explicit Store(Around around) : around_(std::move(around)) {}
  // Braid's own stamp, read from libbraid.so once. Error text when it cannot be had.
  const std::variant<Stamp, std::string>& own_stamp();
  // The card of one file: the one beside it, else the cache's, else made by a child process.
  Found find(const std::string& file);
  // All plugins on the search path, sorted by file. Two different files that carry one name are both refused.
  std::vector<Found> all(const std::string& recipe_folder);
  // The digest that the card of `file` was given out for by `world`; where it was not, that of its card now.
  Voucher vouched(const std::string& file);
  // What the checker needs: cards, refusals, first lines of files. Stays valid without the store.
  recipe::World world(const std::string& recipe_folder);
  const Around& around() const { return around_; }

 private:
  void make(Found& found, const Passed& as_read);
  Around around_;
  std::map<std::string, std::string> given_;  // digests of cards that a world holds, by file
  std::optional<std::variant<Stamp, std::string>> own_;
};

// Where a digest's card is kept for plugins that have none beside them: ${XDG_CACHE_HOME:-~/.cache}/braid/cards.
std::string cached_card(const std::string& digest);
// "FILE.card.json" for FILE.so.
std::string card_beside(const std::string& file);

}  // namespace braid::cards
