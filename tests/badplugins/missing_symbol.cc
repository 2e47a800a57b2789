// Calls a function that nobody defines, and was linked without the flag that would have found it.
#include "component.h"

namespace elsewhere {
int not_linked(int x);
}

BRAID_PLUGIN_OF("missing_symbol", "0.1.0") {
  if (elsewhere::not_linked(1)) r.component<Fine>("missing_symbol");
}
