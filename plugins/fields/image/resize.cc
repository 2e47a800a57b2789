// Pixels to another size and to floats, as Pillow resizes.
#include "pixels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

// Pillow's antialiased bilinear filter in its fixed point, so that towers see the pixels that they were trained on
// elsewhere: a triangle as wide as the step between outputs, at least one pixel; columns first, rounded to 8 bits, then
// rows.
struct Filter {
  static constexpr int bits = 32 - 8 - 2;
  int in_size, out_size;
  int most = 0;                         // taps of an output, at most
  std::vector<int> first, count, taps;  // taps[out * most + k]

  const int* taps_of(std::size_t out) const { return taps.data() + out * static_cast<std::size_t>(most); }
  bool is(int in, int out) const { return in_size == in && out_size == out; }
  Filter(int in, int out) : in_size(in), out_size(out) {
    const double step = static_cast<double>(in) / out, support = std::max(step, 1.0);
    most = static_cast<int>(std::ceil(support)) * 2 + 1;
    first.resize(static_cast<std::size_t>(out)), count.resize(static_cast<std::size_t>(out));
    taps.resize(static_cast<std::size_t>(out) * static_cast<std::size_t>(most));
    std::vector<double> weight(static_cast<std::size_t>(most));
    for (int x = 0; x < out; ++x) {
      const double center = (x + 0.5) * step;
      const int from = std::max(0, static_cast<int>(center - support + 0.5));
      const int to = std::min(in, static_cast<int>(center + support + 0.5));
      double sum = 0;
      for (int k = 0; k < to - from; ++k) {
        const double away = std::abs((k + from - center + 0.5) / support);
        sum += weight[static_cast<std::size_t>(k)] = away < 1 ? 1 - away : 0;
      }
      for (int k = 0; k < to - from; ++k)
        taps[static_cast<std::size_t>(x * most + k)] =
            static_cast<int>(0.5 + weight[static_cast<std::size_t>(k)] / sum * (1 << bits));
      first[static_cast<std::size_t>(x)] = from, count[static_cast<std::size_t>(x)] = to - from;
    }
  }
};

// The three loops that take the time. `Plain` says what they do; `Wide` does the same on AVX2. The sums are whole
// numbers and each float is worked out alone, so both give the same bits.
struct Plain {
  // Makes each of `rows` rows as wide as the filter has outputs. The taps of an output sum to 1: no overflow.
  static void columns(const std::uint8_t* in, int width, int rows, const Filter& filter, std::uint8_t* out) {
    for (int y = 0; y < rows; ++y, in += static_cast<std::size_t>(width) * 4)
      for (std::size_t x = 0; x < filter.first.size(); ++x, out += 4)
        for (int c = 0; c < 4; ++c) {
          int sum = 1 << (Filter::bits - 1);
          for (int k = 0; k < filter.count[x]; ++k) sum += in[(filter.first[x] + k) * 4 + c] * filter.taps_of(x)[k];
          out[c] = static_cast<std::uint8_t>(sum >> Filter::bits);
        }
  }
  // Makes as many rows as the filter has outputs. `stride`: bytes of a row; starts at byte `from` of each.
  static void rows(const std::uint8_t* in, std::size_t stride, const Filter& filter, std::uint8_t* out,
                   std::size_t from = 0) {
    for (std::size_t y = 0; y < filter.first.size(); ++y) {
      const auto* top = in + static_cast<std::size_t>(filter.first[y]) * stride;
      for (std::size_t x = from; x < stride; ++x) {
        int sum = 1 << (Filter::bits - 1);
        for (int k = 0; k < filter.count[y]; ++k)
          sum += top[static_cast<std::size_t>(k) * stride + x] * filter.taps_of(y)[k];
        out[y * stride + x] = static_cast<std::uint8_t>(sum >> Filter::bits);
      }
    }
  }
  static void floats(const std::uint8_t* in, std::size_t count, float middle, float factor, float* out) {
    for (std::size_t k = 0; k < count; ++k) out[k] = (static_cast<float>(in[k]) - middle) * factor;
  }
};

#if defined(__x86_64__)
struct Wide {
  // Two taps, that is two pixels of four colours, at a time.
  [[gnu::target("avx2")]] static void columns(const std::uint8_t* in, int width, int rows, const Filter& filter,
                                              std::uint8_t* out) {
    for (int y = 0; y < rows; ++y, in += static_cast<std::size_t>(width) * 4)
      for (std::size_t x = 0; x < filter.first.size(); ++x, out += 4) {
        const auto* pixel = in + filter.first[x] * 4;
        const int* tap = filter.taps_of(x);
        const int count = filter.count[x];
        auto two = _mm256_setzero_si256();
        int k = 0;
        for (; k + 2 <= count; k += 2) {
          const auto levels = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixel + k * 4)));
          const auto taps = _mm256_setr_m128i(_mm_set1_epi32(tap[k]), _mm_set1_epi32(tap[k + 1]));
          two = _mm256_add_epi32(two, _mm256_mullo_epi32(levels, taps));
        }
        auto sum = _mm_add_epi32(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
        if (k < count) {
          int last;
          std::memcpy(&last, pixel + k * 4, 4);
          sum = _mm_add_epi32(sum, _mm_mullo_epi32(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(last)), _mm_set1_epi32(tap[k])));
        }
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (Filter::bits - 1))), Filter::bits);
        sum = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
        const int levels = _mm_cvtsi128_si32(sum);
        std::memcpy(out, &levels, 4);
      }
  }
  // 32 bytes of a row at a time.
  [[gnu::target("avx2")]] static void rows(const std::uint8_t* in, std::size_t stride, const Filter& filter,
                                           std::uint8_t* out) {
    const auto half = _mm256_set1_epi32(1 << (Filter::bits - 1)), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const auto whole = stride / 32 * 32;
    for (std::size_t y = 0; y < filter.first.size(); ++y) {
      const auto* top = in + static_cast<std::size_t>(filter.first[y]) * stride;
      const int* tap = filter.taps_of(y);
      const int count = filter.count[y];
      for (std::size_t x = 0; x < whole; x += 32) {
        auto a = half, b = half, c = half, d = half;
        const auto* row = top + x;
        for (int k = 0; k < count; ++k, row += stride) {
          const auto by = _mm256_set1_epi32(tap[k]);
          a = _mm256_add_epi32(
              a, _mm256_mullo_epi32(by, _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row)))));
          b = _mm256_add_epi32(
              b,
              _mm256_mullo_epi32(by, _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + 8)))));
          c = _mm256_add_epi32(
              c, _mm256_mullo_epi32(by,
                                    _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + 16)))));
          d = _mm256_add_epi32(
              d, _mm256_mullo_epi32(by,
                                    _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + 24)))));
        }
        const auto ab = _mm256_packs_epi32(_mm256_srai_epi32(a, Filter::bits), _mm256_srai_epi32(b, Filter::bits));
        const auto cd = _mm256_packs_epi32(_mm256_srai_epi32(c, Filter::bits), _mm256_srai_epi32(d, Filter::bits));
        const auto levels = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + y * stride + x), levels);
      }
    }
    if (whole < stride) Plain::rows(in, stride, filter, out, whole);
  }
  [[gnu::target("avx2")]] static void floats(const std::uint8_t* in, std::size_t count, float middle, float factor,
                                             float* out) {
    const auto off = _mm256_set1_ps(middle), by = _mm256_set1_ps(factor);
    std::size_t k = 0;
    for (; k + 8 <= count; k += 8) {
      const auto levels = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in + k)));
      _mm256_storeu_ps(out + k, _mm256_mul_ps(_mm256_sub_ps(_mm256_cvtepi32_ps(levels), off), by));
    }
    Plain::floats(in + k, count - k, middle, factor, out + k);
  }
};
#else
using Wide = Plain;
#endif

bool is_wide() {
#if defined(__x86_64__)
  static const bool yes = __builtin_cpu_supports("avx2") != 0;
  return yes;
#else
  return false;
#endif
}

template <class Loops>
void resize_with(Pixels& pixels, int width, int height) {
  thread_local std::vector<std::uint8_t> between;
  thread_local Filter across(1, 1), down(1, 1);  // pictures of a table mostly have one size
  if (pixels.width != width) {
    if (!across.is(pixels.width, width)) across = Filter(pixels.width, width);
    between.resize(static_cast<std::size_t>(pixels.height) * static_cast<std::size_t>(width) * 4);
    Loops::columns(pixels.bytes.data(), pixels.width, pixels.height, across, between.data());
    pixels.bytes.swap(between);
    pixels.width = width;
  }
  if (pixels.height != height) {
    if (!down.is(pixels.height, height)) down = Filter(pixels.height, height);
    const auto stride = static_cast<std::size_t>(width) * 4;
    between.resize(stride * static_cast<std::size_t>(height));
    Loops::rows(pixels.bytes.data(), stride, down, between.data());
    pixels.bytes.swap(between);
    pixels.height = height;
  }
  if (between.capacity() > (16u << 20)) between = {};  // a thread keeps its buffers, but not those of a giant
}

}  // namespace

void resize(Pixels& pixels, int width, int height) {
  return is_wide() ? resize_with<Wide>(pixels, width, height) : resize_with<Plain>(pixels, width, height);
}

void to_floats(const std::uint8_t* in, std::size_t count, float middle, float factor, float* out) {
  (is_wide() ? Wide::floats : Plain::floats)(in, count, middle, factor, out);
}
