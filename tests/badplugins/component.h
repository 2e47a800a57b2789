// The one component that most of these plugins would have, if they were sound.
#include <braid/plugin.h>

namespace {

struct Fine final : braid::Tower {
  static constexpr braid::About about{.summary = "Hands its input on."};
  braid::In x{*this, "x", "float[rows, dim]", "anything"};
  braid::Out y{*this, "y", "float[rows, dim]", "the same"};
  void run(braid::Frame& f) override { f[y] = f[x]; }
};

}  // namespace
