// Eight floats at a time. For sources alone: what includes it is compiled twice (two_versions.h).
#pragma once

#include "kernels/two_versions.h"

#include <cstdint>

namespace braid::kernels {
namespace {

using Index = std::int64_t;
constexpr Index kLanes = 8;
// One AVX register; two SSE ones in the base version. Unaligned, because rows come as they are.
typedef float Vec __attribute__((vector_size(32), aligned(4), may_alias));

BRAID_INLINE Vec& vec(float* at) { return *reinterpret_cast<Vec*>(at); }
BRAID_INLINE const Vec& vec(const float* at) { return *reinterpret_cast<const Vec*>(at); }

}  // namespace
}  // namespace braid::kernels
