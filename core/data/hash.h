// The hashes of the data plane: keys of texts, the recipe language's mix64, counter-based draws.
#pragma once

#include <cstdint>
#include <string_view>

namespace braid::data {

// One SplitMix64 step, increment included: mix64(1) == 10451216379200822465.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// xxh3-64 of the UTF-8 bytes: the key of an entity.
std::uint64_t key_of(std::string_view text);

// One 64-bit number out of several, order included; what draws are keyed by.
constexpr std::uint64_t mixed() { return 0; }
template <class... Rest>
constexpr std::uint64_t mixed(std::uint64_t first, Rest... rest) {
  return mix64(first + 0x632BE59BD9B4E019u * mixed(rest...));
}

// Number `place` of the stream that belongs to `key`, in [0, n); n > 0. The bias is below n / 2^64.
inline std::uint64_t draw_below(std::uint64_t key, std::uint64_t place, std::uint64_t n) {
  __extension__ using Product = unsigned __int128;
  const auto bits = mix64(key ^ mix64(place));
  return static_cast<std::uint64_t>((static_cast<Product>(bits) * n) >> 64);
}

}  // namespace braid::data
