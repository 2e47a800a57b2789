// A component whose constructor fails, with an exception of the plugin's own.
#include "component.h"

namespace {

struct Private : std::exception {
  const char* what() const noexcept override { return "no moon tonight"; }
};
struct Broken final : braid::Tower {
  static constexpr braid::About about{.summary = "Never comes to be."};
  Broken() { throw Private(); }
};

}  // namespace

BRAID_PLUGIN(Broken, "constructor_throws", "0.1.0")
