// Instead of LibTorch's: a 16-bit float that becomes a float.
#pragma once

#include <cmath>
#include <cstdint>

namespace c10 {
struct Half {
  std::uint16_t bits;
  operator float() const {  // NOLINT
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float sign = bits & 0x8000 ? -1.f : 1.f;
    if (exponent == 31) return fraction ? NAN : sign * INFINITY;
    return sign * std::ldexp(static_cast<float>(exponent ? 1024 + fraction : fraction), (exponent ? exponent : 1) - 25);
  }
};
}  // namespace c10
