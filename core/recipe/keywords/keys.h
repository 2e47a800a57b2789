// Strict reading of one table: every key that is asked for is known, every other is an error.
#pragma once

#include "recipe/document/diagnostics.h"
#include "recipe/document/item.h"
#include "recipe/keywords/language.h"

#include <initializer_list>
#include <optional>

namespace braid::recipe {

class Keys {
 public:
  // `what` names the table in messages: "[tables.items]". `words` says which keys belong to the language; without them
  // all keys are parameters.
  Keys(Report& report, Item& table, std::string what, const Section* words = nullptr)
      : report_(report), table_(table), what_(std::move(what)), words_(words) {}
  Keys(const Keys&) = delete;
  // For tables whose words depend on what they say.
  void reads(const Section& words) { words_ = &words; }

  // The item of that name, or nullptr. From then on the name is known. It is one of `words`; std::logic_error if not.
  Item* find(const std::string& name);
  // The same for a name that is a component's: a parameter, a coefficient, a port.
  Item* parameter(const std::string& name);
  // The same with a type demanded; a wrong one is reported and gives nullptr.
  Item* find(const std::string& name, Item::Kind kind);
  Item* required(const std::string& name, Item::Kind kind, const std::string& fix);

  // Values by their words: type, range, choices, unit. What the recipe does not say is filled into the tree: the word's
  // default, or `fallback` where it depends on other keys.
  std::int64_t whole(const std::string& name);
  double number(const std::string& name, std::optional<double> fallback = {});
  bool boolean(const std::string& name);
  std::string choice(const std::string& name, const std::optional<std::string>& fallback = {});
  // A text or a list of texts; their items are put into `items`.
  std::vector<std::string> texts(const std::string& name, std::vector<Item*>* items = nullptr);

  // Words of the language that this version does not carry out.
  void later(std::initializer_list<const char*> names);
  // Names that belong here in other circumstances: reported with `why` instead of as unknown.
  void refuse(const std::string& name, const std::string& tag, const std::string& why, Notes notes = {});
  // Marks every key as known; for tables whose keys the user names.
  void accept_all();
  // Reports what nobody asked for.
  void finish(const std::vector<std::string>& others = {});

  Item& table() { return table_; }
  const std::string& what() const { return what_; }
  Report& report() { return report_; }
  const Place& place() const { return table_.key_place; }

  void fill(const std::string& name, std::int64_t value);
  void fill(const std::string& name, double value);
  void fill(const std::string& name, bool value);
  void fill(const std::string& name, const std::string& value);
  void fill(const std::string& name, const std::vector<std::string>& values);

 private:
  const Word& word(const std::string& name) const;
  bool settled(const std::string& name, Item& item, Item::Kind kind);
  Item& filled(const std::string& name, Item::Kind kind);
  Report& report_;
  Item& table_;
  std::string what_;
  const Section* words_;
  std::vector<std::string> known_;
};

// Whether `item` is of `kind` (a whole number is a number too); reports otherwise.
bool demand(Report& report, const Item& item, Item::Kind kind, const std::string& what);
// Whether a whole number is in its word's range; reports otherwise.
bool in_range(Report& report, const Item& item, const Word& word, const std::string& what);
// Makes a text with a unit the number that it says in `unit`s (units.h), so that what is resolved has plain numbers.
// Other items, and all where no unit is declared, stay as they are. False: it says none, which was reported.
bool settle(Report& report, Item& item, bool whole, const std::string& unit, const std::string& what);

}  // namespace braid::recipe
