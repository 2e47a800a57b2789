// From the TOML library's tree to ours.
#pragma once

#include "recipe/document/item.h"

#include <toml++/toml.h>

namespace braid::recipe {

struct From {  // what all items of one file share
  const std::string& file;
  const std::string& folder;
  bool set = false;  // of a --set, whose values have no lines
};

std::unique_ptr<Item> converted(const toml::node& node, const From& from);

}  // namespace braid::recipe
