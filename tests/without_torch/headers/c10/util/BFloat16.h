// Instead of LibTorch's: the upper half of a float.
#pragma once

#include <bit>
#include <cstdint>

namespace c10 {
struct BFloat16 {
  std::uint16_t bits;
  operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }  // NOLINT
};
}  // namespace c10
