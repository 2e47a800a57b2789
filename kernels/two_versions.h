// For kernels whose loops are compiled twice, for any processor and for AVX2, and chosen at run time by what it can do.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
#define BRAID_TWO_VERSIONS 1
#else
#define BRAID_TWO_VERSIONS 0
#endif
// A body that each version takes into itself: only so is it compiled for that version's instructions.
#define BRAID_INLINE [[gnu::always_inline]] inline
