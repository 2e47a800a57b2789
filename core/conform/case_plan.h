// How a case is put together from a component's card, once there is a size for each name in its shapes.
#pragma once

#include "conform/making.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid::conform {

// Whether a dim's text is a name, whose size is free, and no number or expression.
bool plain_name(std::string_view text);

struct CasePlan {
  const std::string& use;
  const ComponentSchema& card;
  Values values;
  std::size_t wires;  // of each repeated input
  bool optional, hidden;

  struct Name {
    std::string text;
    bool rows = false, padded = false, id = false;
  };
  // Names whose sizes are free, in the order of the card. A dim that varies by wire is one name: wire k adds k.
  std::vector<Name> names() const;

  // Sizes hold every free name. `bounds`: of padded dims, where what is shown is smaller. Throws Error: a dim has none.
  Case made(const Sizes& sizes, const Sizes& bounds = {}, bool equal_wires = false) const;

 private:
  std::optional<std::int64_t> size_of(const Sizes& sizes, const std::string& text, std::int64_t extra) const;
};

}  // namespace braid::conform
