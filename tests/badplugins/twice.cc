// Registers one name twice.
#include "component.h"

BRAID_PLUGIN_OF("twice", "0.1.0") {
  r.component<Fine>("same_name");
  r.component<Fine>("same_name");
}
