// What sdk/random.cc holds beside LibTorch's calls. No target draws.
#include "sdk/state.h"

#include <stdexcept>

namespace braid {
double Draw::uniform(std::uint64_t) const { throw std::logic_error("nothing draws here"); }
}  // namespace braid
