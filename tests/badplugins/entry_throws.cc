// Its entry function fails.
#include "component.h"

BRAID_PLUGIN_OF("entry_throws", "0.1.0") {
  r.component<Fine>("entry_throws");
  throw std::runtime_error("the table of moons is not where it was");
}
