// A plugin that says it was built against another LibTorch.
#include "component.h"

#undef TORCH_VERSION
#define TORCH_VERSION "2.10.1"
BRAID_PLUGIN(Fine, "other_torch", "0.1.0")
