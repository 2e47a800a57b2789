// A recipe's text as a tree in which every key and value knows where it was written.
#pragma once

#include "recipe/document/place.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace braid::recipe {

struct Item {
  enum class Kind { table, array, text, whole, number, boolean, date };
  Kind kind = Kind::table;
  std::string key;         // its name in the table that holds it
  Place key_place, place;  // of the key; of the value
  std::string folder;      // what a relative path in it is relative to; empty: working folder

  std::string text;
  std::int64_t whole = 0;
  double number = 0;  // also of whole numbers
  bool boolean = false;
  std::vector<std::unique_ptr<Item>> items;  // of tables and arrays, in the order of writing

  std::vector<std::string> vars;       // names of the ${...} that were filled in
  std::unique_ptr<Item> instead;       // what stood here before an including file or a --set said something else
  std::vector<std::uint32_t> written;  // texts with ${...}: per byte, where it stood before filling in
  bool from_set = false;               // a --set wrote it
  bool filled_in = false;              // a default that the checker put there
  bool used = false;                   // somebody asked for it

  Item* find(std::string_view name);
  const Item* find(std::string_view name) const { return const_cast<Item*>(this)->find(name); }
  Item& add(std::string name, std::unique_ptr<Item> item);  // appends, or takes the place of the item of that name
  bool is(Kind k) const { return kind == k; }
};

std::string_view name_of(Item::Kind kind);  // "text", "a whole number", as messages say it
std::unique_ptr<Item> copy(const Item& item);

}  // namespace braid::recipe
