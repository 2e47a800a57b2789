// Cards written by hand, so that the recipe language is tested without any plugin; and a world of made-up files.
#pragma once

#include "recipe/check/check.h"

namespace braid::recipe {

// Components of every kind with ports like the real ones.
std::vector<std::pair<std::string, PluginSchema>> test_plugins();

// A world with these cards in which all files under "data/" exist but those whose name contains "absent". Headers by
// file name; "unreadable" in a name gives an error.
World test_world();

}  // namespace braid::recipe
