// Instead of the header that the build makes beside LibTorch: what is fuzzed is opened by no host.
#pragma once
#define BRAID_ABI_NUMBER 0
#define BRAID_HEADERS_HASH "stand-in"
