// The SDK's own stamp: what plugins are compared with. The program reads it from libbraid.so's bytes, so that the sizes
// of LibTorch's types are written down once, by the compiler, and the program needs no LibTorch.
#include <braid/plugin.h>

extern "C" BRAID_API const braid::Stamp braid_sdk_stamp;
extern "C" const braid::Stamp braid_sdk_stamp = BRAID_MAKE_STAMP("braid", BRAID_VERSION);
