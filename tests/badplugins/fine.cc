// A sound plugin but for how it is built: meson.build gives each its flags and its name.
#include "component.h"

#ifdef OTHER_ABI
#undef BRAID_ABI_NUMBER
#define BRAID_ABI_NUMBER 4711
#endif

BRAID_PLUGIN(Fine, PLUGIN_NAME, "0.1.0")
