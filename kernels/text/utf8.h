// UTF-8: whether a text is, and one character of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace braid::text {

// Whether all bytes are below 0x80. For long texts: one branch for all of it.
inline bool is_ascii(std::string_view text) {
  unsigned char seen = 0;
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

// The offset of the first byte that is not UTF-8 (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF), or npos.
inline std::size_t not_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto n = text.size();
  for (std::size_t k = 0; k < n;) {
    if (n - k >= 8) {  // mostly ASCII
      std::uint64_t eight;
      std::memcpy(&eight, p + k, 8);
      if (!(eight & 0x8080808080808080u)) {
        k += 8;
        continue;
      }
    }
    const auto c = p[k];
    if (c < 0x80) {
      ++k;
      continue;
    }
    const std::size_t more = c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xF0 && c < 0xF5 ? 3 : 0;
    if (!more || n - k <= more) return k;
    const auto second = p[k + 1];
    if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
        (c == 0xF4 && second > 0x8F))
      return k;
    for (std::size_t m = 1; m <= more; ++m)
      if ((p[k + m] & 0xC0) != 0x80) return k;
    k += more + 1;
  }
  return std::string_view::npos;
}

// Appends a character. What is none, as half of a surrogate pair, gives bytes that are not UTF-8.
inline void append_utf8(std::string& out, std::uint32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6)), tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0);
  }
}

}  // namespace braid::text
