// Strict reading of one table: every key that is asked for is known, every other is an error.
#pragma once

#include "recipe/item.h"
#include "recipe/report.h"

#include <initializer_list>
#include <limits>
#include <optional>

namespace braid::recipe {

class Keys {
 public:
  // `what` names the table in messages: "[tables.items]".
  Keys(Report& report, Item& table, std::string what) : report_(report), table_(table), what_(std::move(what)) {}
  Keys(const Keys&) = delete;

  // The item of that name, or nullptr. From then on the name is known.
  Item* find(const std::string& name);
  // The same with a type demanded; a wrong one is reported and gives nullptr.
  Item* find(const std::string& name, Item::Kind kind);
  Item* required(const std::string& name, Item::Kind kind, const std::string& fix);

  // Values with a default, which is filled into the tree when the recipe does not say one.
  std::int64_t whole(const std::string& name, std::int64_t fallback, std::int64_t low);
  double number(const std::string& name, double fallback, double low,
                double high = std::numeric_limits<double>::infinity());
  bool boolean(const std::string& name, bool fallback);
  std::string choice(const std::string& name, const std::string& fallback, const std::vector<std::string>& choices);
  // A text or a list of texts; their items are put into `items`.
  std::vector<std::string> texts(const std::string& name, std::vector<Item*>* items = nullptr);

  // Words of the language that this version does not carry out.
  void later(std::initializer_list<const char*> names);
  // Names that belong here in other circumstances: reported with `why` instead of as unknown.
  void refuse(const std::string& name, const std::string& tag, const std::string& why,
              std::vector<std::string> notes = {});
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
  Item& filled(const std::string& name, Item::Kind kind);
  Report& report_;
  Item& table_;
  std::string what_;
  std::vector<std::string> known_;
};

// Whether `item` is of `kind` (a whole number is a number too); reports otherwise.
bool demand(Report& report, const Item& item, Item::Kind kind, const std::string& what);

}  // namespace braid::recipe
