// The least plugin: a stamp and an entry, for builds without LibTorch.
#include "braid/abi.h"

#define SHOWN __attribute__((visibility("default")))

extern "C" SHOWN const braid::Stamp braid_stamp;
extern "C" const braid::Stamp braid_stamp = {BRAID_STAMP_MAGIC,
                                             sizeof(braid::Stamp),
                                             1,
                                             "0123456789abcdef",
                                             8,
                                             16,
                                             8,
                                             "2.11.0",
                                             1,
                                             1016,
                                             BRAID_STAMP_DEBUG,
                                             0,
                                             BRAID_CUDA_MAJOR,
                                             __VERSION__,
                                             "one",
                                             "0.1.0"};
extern "C" SHOWN int braid_register() { return braid_stamp.plugin[0]; }
