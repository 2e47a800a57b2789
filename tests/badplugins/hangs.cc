// A global object whose constructor does not end.
#include "component.h"

namespace {
volatile bool waits = true;
const int never = [] {
  while (waits) {
  }
  return 1;
}();
}  // namespace

BRAID_PLUGIN_OF("hangs", "0.1.0") {
  if (never) r.component<Fine>("hangs");
}
