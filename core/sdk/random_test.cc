// Counter-based numbers against Philox as its paper writes it (Salmon et al. 2011, Parallel random numbers: as easy as
// 1, 2, 3), one number at a time, and against the authors' known answer.
#include "sdk/state.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <array>
#include <vector>

namespace {

std::array<std::uint32_t, 4> philox(std::uint64_t stream, std::uint64_t key, std::uint64_t counter) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  std::array<std::uint32_t, 4> v{low(counter), high(counter), low(key), high(key)};
  std::uint32_t k0 = low(stream), k1 = high(stream);
  for (int round = 0; round < 10; ++round) {
    const auto a = std::uint64_t{0xD2511F53} * v[0], b = std::uint64_t{0xCD9E8D57} * v[2];
    v = {high(b) ^ v[1] ^ k0, low(b), high(a) ^ v[3] ^ k1, low(a)};
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  return v;
}
float unit(std::uint32_t bits) { return static_cast<float>(bits >> 8) / 16777216.0f; }

}  // namespace

TEST_CASE("the authors' known answer") {
  const std::int64_t key = 0;
  std::array<float, 4> got{};
  braid::philox_uniform(0, &key, 1, 4, got.data());
  const std::array<std::uint32_t, 4> known{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  for (std::size_t k = 0; k < 4; ++k) CHECK(got[k] == unit(known[k]));
}

TEST_CASE("rows of any length are the same numbers one by one") {
  const std::vector<std::int64_t> keys{1, -1, 0x123456789abcdef0, -0x7fffffffffffffff};
  for (std::int64_t n : {0, 1, 3, 4, 5, 31, 32, 33, 63, 64, 65, 100, 255, 4097}) {
    CAPTURE(n);
    std::vector<float> got(keys.size() * static_cast<std::size_t>(n) + 1, -1);
    braid::philox_uniform(0xfedcba9876543210, keys.data(), static_cast<std::int64_t>(keys.size()), n, got.data());
    std::int64_t wrong = 0;
    for (std::size_t row = 0; row < keys.size(); ++row)
      for (std::int64_t p = 0; p < n; ++p) {
        const auto four =
            philox(0xfedcba9876543210, static_cast<std::uint64_t>(keys[row]), static_cast<std::uint64_t>(p / 4));
        wrong += got[row * static_cast<std::size_t>(n) + static_cast<std::size_t>(p)] !=
                 unit(four[static_cast<std::size_t>(p % 4)]);
      }
    CHECK(wrong == 0);
    CHECK(got.back() == -1);  // nothing beyond
  }
}
