// Stamps: what a plugin was built against, read from the file's bytes without opening it, compared with braid's own.
#pragma once

#include "braid/abi.h"

#include <string>
#include <variant>
#include <vector>

namespace braid::cards {

// The stamp in a file, or why there is none to trust, and what to do: no file, no stamp, two of them, a damaged one.
// Runs no code of the file. What is returned can be shown: its texts are printable. Safe from many threads.
std::variant<Stamp, std::string> read_stamp(const std::string& file);
// The same for bytes in memory.
std::variant<Stamp, std::string> find_stamp(const char* bytes, std::size_t size);

// One field that differs, as shown to the user.
struct Difference {
  std::string what, plugin, braid;
};
// Every field that is compared and differs; empty: the plugin fits. Name, version and compiler are not compared.
std::vector<Difference> differences(const Stamp& plugin, const Stamp& braid);

// Why a plugin is refused: all differences in two columns and the one thing to do. Empty when it fits.
std::string refusal(const Stamp& plugin, const Stamp& braid);

}  // namespace braid::cards
