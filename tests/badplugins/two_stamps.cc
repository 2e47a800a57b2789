// Two plugins linked into one file.
#include "component.h"

extern "C" BRAID_API const braid::Stamp another_stamp;
extern "C" const braid::Stamp another_stamp = BRAID_MAKE_STAMP("another", "0.1.0");
BRAID_PLUGIN(Fine, "two_stamps", "0.1.0")
