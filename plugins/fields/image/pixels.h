// Pictures between a file and a field: decoded, flattened, resized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// A picture as decoded: four bytes a pixel, rows without gaps. Red, green, blue and, of PNG alone, alpha.
struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> bytes;
};

bool is_jpeg(std::span<const std::byte> file);
bool is_png(std::span<const std::byte> file);
// Whole pictures, into `out`, whose memory is used again. Throw braid::Error: damaged, cut short, too large.
void decode_jpeg(std::span<const std::byte> file, Pixels& out);
void decode_png(std::span<const std::byte> file, Pixels& out);

// To width x height with Pillow's antialiased bilinear filter, level by level.
void resize(Pixels& pixels, int width, int height);
// out[k] = (in[k] - middle) * factor.
void to_floats(const std::uint8_t* in, std::size_t count, float middle, float factor, float* out);
