// A global object that takes the process with it before anything of Braid runs.
#include "component.h"

#include <csignal>

namespace {
const int killed = std::raise(SIGSEGV);
}

BRAID_PLUGIN_OF("kills", "0.1.0") {
  if (killed == 0) r.component<Fine>("kills");
}
