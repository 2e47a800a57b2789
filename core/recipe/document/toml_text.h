// Items as TOML text.
#pragma once

#include "recipe/document/item.h"

#include <functional>
#include <string>

namespace braid::recipe {

// A whole tree; tables and nodes stand under headings of their own.
std::string toml_of(const Item& root);
// One value in one line.
std::string inline_toml(const Item& item);
// A key, in quotes where it needs them.
std::string toml_key(const std::string& key);
// [{ ... }, { ... }], whose values have keys of their own.
bool list_of_tables(const Item& item);
// What stands below `item`, by keys as flat_recipe() has them; `path` is `item`'s own, empty for a root.
void each_value(const Item& item, const std::string& path,
                const std::function<void(const Item& value, const std::string& key)>& visit);

}  // namespace braid::recipe
