// A stamp without an entry.
#include "component.h"

extern "C" BRAID_API const braid::Stamp braid_stamp;
extern "C" const braid::Stamp braid_stamp = BRAID_MAKE_STAMP("no_entry", "0.1.0");
