// JPEG and PNG pictures to floats of one size.
#include "image_examples.h"

#include <braid/plugin.h>

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
#include <png.h>

#include <jerror.h>  // its codes exist once jpeglib.h is read

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

constexpr std::int64_t most_pixels = 64 << 20;  // of one picture: 256 MiB decoded. More is taken for a bomb
constexpr int most_scans = 200;                 // of a progressive JPEG; real ones have about ten

// A picture as decoded: four bytes a pixel, rows without gaps. Red, green, blue and, of PNG alone, alpha.
struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> bytes;
};

void check_size(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1)
    throw braid::Error("the picture has no pixels (" + std::to_string(width) + " x " + std::to_string(height) + ")");
  if (width * height > most_pixels)
    throw braid::Error("the picture has " + std::to_string(width) + " x " + std::to_string(height) +
                       " pixels; at most " + std::to_string(most_pixels >> 20) + " Mi are decoded");
}

// ---- JPEG ----

// libjpeg calls these; a mistake leaves by longjmp, because exceptions must not pass through C.
struct JpegTrouble : jpeg_error_mgr {
  std::jmp_buf leave;
  char text[JMSG_LENGTH_MAX];
};

void jpeg_fails(j_common_ptr info) {
  auto& trouble = *static_cast<JpegTrouble*>(info->err);
  info->err->format_message(info, trouble.text);
  std::longjmp(trouble.leave, 1);
}

// Warnings that mean lost pixels are errors: a half grey poster is no poster. Others (odd markers) are let pass.
void jpeg_warns(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
      jpeg_fails(info);
    default:
      break;
  }
}

void jpeg_nothing(j_decompress_ptr) {}
boolean jpeg_ends_early(j_decompress_ptr info) {
  auto& trouble = *static_cast<JpegTrouble*>(info->err);
  std::strcpy(trouble.text, "the file ends in the middle of the picture");
  std::longjmp(trouble.leave, 1);
}
void jpeg_skips(j_decompress_ptr info, long bytes) {
  if (bytes <= 0) return;
  if (static_cast<std::size_t>(bytes) > info->src->bytes_in_buffer) jpeg_ends_early(info);
  info->src->next_input_byte += bytes;
  info->src->bytes_in_buffer -= static_cast<std::size_t>(bytes);
}
void jpeg_progresses(j_common_ptr info) {
  if (!info->is_decompressor || reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= most_scans) return;
  auto& trouble = *static_cast<JpegTrouble*>(info->err);
  std::strcpy(trouble.text, "more scans than any picture needs");
  std::longjmp(trouble.leave, 1);
}

// One decoder per thread, kept from picture to picture: making one costs as much as a small picture.
class Jpeg {
 public:
  Jpeg() {
    info_.err = jpeg_std_error(&trouble_);
    trouble_.error_exit = jpeg_fails;
    trouble_.emit_message = jpeg_warns;
    trouble_.output_message = [](j_common_ptr) {};
    jpeg_create_decompress(&info_);
    source_.init_source = jpeg_nothing;
    source_.fill_input_buffer = jpeg_ends_early;
    source_.skip_input_data = jpeg_skips;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = jpeg_nothing;
    progress_.progress_monitor = jpeg_progresses;
  }
  ~Jpeg() { jpeg_destroy_decompress(&info_); }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;

  void decode(std::span<const std::byte> file, Pixels& out) {
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(file.data());
    source_.bytes_in_buffer = file.size();
    if (!start()) fail();
    const auto width = static_cast<std::int64_t>(info_.image_width),
               height = static_cast<std::int64_t>(info_.image_height);
    try {
      check_size(width, height);
      out.bytes.resize(static_cast<std::size_t>(width * height * 4));
    } catch (...) {
      jpeg_abort_decompress(&info_);
      throw;
    }
    out.width = static_cast<int>(width), out.height = static_cast<int>(height);
    if (!rows(out.bytes.data(), static_cast<std::size_t>(width) * 4)) fail();
    if (four_inks_) to_rgb(out);
  }

 private:
  // These two hold no object with a destructor, so that longjmp may pass.
  bool start() {
    if (setjmp(trouble_.leave)) return false;
    info_.src = &source_;
    jpeg_read_header(&info_, TRUE);
    info_.progress = jpeg_has_multiple_scans(&info_) ? &progress_ : nullptr;
    four_inks_ = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
    inverted_ = info_.saw_Adobe_marker;
    info_.out_color_space = four_inks_ ? JCS_CMYK : JCS_EXT_RGBX;
    return true;
  }
  bool rows(std::uint8_t* to, std::size_t stride) {
    if (setjmp(trouble_.leave)) return false;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row[8];
      const auto left = std::min<JDIMENSION>(8, info_.output_height - info_.output_scanline);
      for (JDIMENSION k = 0; k < left; ++k) row[k] = to + (info_.output_scanline + k) * stride;
      jpeg_read_scanlines(&info_, row, left);
    }
    jpeg_abort_decompress(&info_);  // all rows are here: what may follow the picture is not looked at
    return true;
  }
  [[noreturn]] void fail() {
    jpeg_abort_decompress(&info_);
    throw braid::Error(std::string("broken JPEG: ") + trouble_.text);
  }
  void to_rgb(Pixels& out) const {
    for (std::size_t k = 0; k < out.bytes.size(); k += 4) {
      const int flip = inverted_ ? 0 : 255;  // Adobe's files hold how much light is left, others how much ink
      const int black = out.bytes[k + 3] ^ flip;
      for (std::size_t c = 0; c < 3; ++c)
        out.bytes[k + c] = static_cast<std::uint8_t>(((out.bytes[k + c] ^ flip) * black + 127) / 255);
    }
  }

  jpeg_decompress_struct info_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  JpegTrouble trouble_{};
  bool four_inks_ = false, inverted_ = false;
};

// ---- PNG ----

struct PngSource {
  std::span<const std::byte> rest;
  char text[160] = "";
};

void png_fails(png_structp png, png_const_charp why) {
  auto& source = *static_cast<PngSource*>(png_get_error_ptr(png));
  std::snprintf(source.text, sizeof source.text, "%s", why);
  png_longjmp(png, 1);
}

void png_takes(png_structp png, png_bytep to, std::size_t count) {
  auto& source = *static_cast<PngSource*>(png_get_io_ptr(png));
  if (count > source.rest.size()) png_error(png, "the file ends in the middle of the picture");
  std::memcpy(to, source.rest.data(), count);
  source.rest = source.rest.subspan(count);
}

class Png {
 public:
  explicit Png(std::span<const std::byte> file) : source_{file} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, png_fails, [](png_structp, png_const_charp) {});
    if (png_) info_ = png_create_info_struct(png_);
    if (!info_) throw std::bad_alloc();
  }
  ~Png() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;

  void decode(Pixels& out) {
    if (!start()) fail();
    const auto width = static_cast<std::int64_t>(png_get_image_width(png_, info_)),
               height = static_cast<std::int64_t>(png_get_image_height(png_, info_));
    check_size(width, height);
    if (png_get_rowbytes(png_, info_) != static_cast<std::size_t>(width) * 4)
      throw braid::Error("broken PNG: its rows have an unknown layout");
    out.width = static_cast<int>(width), out.height = static_cast<int>(height);
    out.bytes.resize(static_cast<std::size_t>(width * height * 4));
    rows_.resize(static_cast<std::size_t>(height));
    for (std::size_t y = 0; y < rows_.size(); ++y)
      rows_[y] = out.bytes.data() + y * static_cast<std::size_t>(width) * 4;
    if (!read()) fail();
  }

 private:
  bool start() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, &source_, png_takes);
    png_set_user_limits(png_, 1 << 20, 1 << 20);
    png_set_chunk_malloc_max(png_, 16 << 20);
    png_set_chunk_cache_max(png_, 128);
    png_read_info(png_, info_);
    // Everything becomes eight bits of red, green, blue and alpha.
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_add_alpha(png_, 255, PNG_FILLER_AFTER);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }
  bool read() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_read_image(png_, rows_.data());
    return true;
  }
  [[noreturn]] void fail() const { throw braid::Error(std::string("broken PNG: ") + source_.text); }

  PngSource source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::vector<png_bytep> rows_;
};

// Lays pixels with alpha over grey of the given level.
void flatten(Pixels& pixels, int level) {
  for (std::size_t k = 0; k < pixels.bytes.size(); k += 4) {
    const int alpha = pixels.bytes[k + 3];
    if (alpha == 255) continue;
    for (std::size_t c = 0; c < 3; ++c)
      pixels.bytes[k + c] =
          static_cast<std::uint8_t>((pixels.bytes[k + c] * alpha + level * (255 - alpha) + 127) / 255);
  }
}

// ---- resizing ----

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

void resize(Pixels& pixels, int width, int height) {
  return is_wide() ? resize_with<Wide>(pixels, width, height) : resize_with<Plain>(pixels, width, height);
}

// ---- the field ----

bool is_jpeg(std::span<const std::byte> file) {
  return file.size() >= 3 && file[0] == std::byte{0xFF} && file[1] == std::byte{0xD8} && file[2] == std::byte{0xFF};
}
bool is_png(std::span<const std::byte> file) {
  constexpr unsigned char signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return file.size() >= sizeof signature && std::memcmp(file.data(), signature, sizeof signature) == 0;
}

// What a file that is neither starts with, for the message.
std::string start_of(std::span<const std::byte> file) {
  std::string out;
  for (std::size_t k = 0; k < std::min<std::size_t>(file.size(), 12); ++k) {
    const auto c = static_cast<char>(file[k]);
    out += c >= ' ' && c < 127 ? c : '.';
  }
  return out;
}

struct Image final : braid::Field {
  static constexpr braid::About about{
      .summary =
          "JPEG and PNG pictures, resized to height x width with antialiased bilinear weights (not cropped) and "
          "normalised: (level - mean) / scale. A row is absent when it has no file.",
      .differs =
          "Resizing gives Pillow's levels. Colour profiles, gamma and turned-by-camera marks are not looked at."};
  static constexpr bool media = true;
  static constexpr std::string_view examples[] = {examples::colours_png, examples::greys_jpeg};

  braid::Param<std::int64_t> height{
      *this, "height", 224, "Rows of the result.", {.low = 1, .high = 8192, .unit = "pixels"}};
  braid::Param<std::int64_t> width{
      *this, "width", 224, "Columns of the result.", {.low = 1, .high = 8192, .unit = "pixels"}};
  braid::Param<std::vector<double>> mean{*this,
                                         "mean",
                                         std::vector<double>{127.5},
                                         "What is taken off a level: one number, or one each for red, green, blue.",
                                         {.low = 0, .high = 255, .unit = "levels"}};
  braid::Param<std::vector<double>> scale{*this,
                                          "scale",
                                          std::vector<double>{64},
                                          "What the difference is divided by: one number, or one per colour.",
                                          {.low = 1e-3, .high = 1e6, .unit = "levels"}};
  braid::Param<std::int64_t> background{*this,
                                        "background",
                                        255,
                                        "Grey that shows through transparent pixels; 255 is white.",
                                        {.low = 0, .high = 255, .unit = "levels"}};
  braid::Out pixels{*this, "pixels", "float?[rows, 3, height, width]", "red, green, blue"};

  Image() {
    channels(mean(), "mean");
    channels(scale(), "scale");
  }

  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    if (!cell.bytes) return false;
    thread_local Pixels picture;
    const auto file = *cell.bytes;
    if (is_jpeg(file)) {
      thread_local Jpeg jpeg;
      jpeg.decode(file, picture);
    } else if (is_png(file)) {
      Png(file).decode(picture);
      flatten(picture, static_cast<int>(background()));
    } else {
      throw braid::Error(file.empty() ? "the file is empty"
                                      : "neither JPEG nor PNG; it starts with '" + start_of(file) + "'");
    }
    resize(picture, static_cast<int>(width()), static_cast<int>(height()));
    const auto plane = static_cast<std::size_t>(width() * height());
    out.resize(plane * 3);
    const auto* from = picture.bytes.data();
    auto* to = reinterpret_cast<std::uint8_t*>(out.data());
    for (std::size_t k = 0; k < plane; ++k, from += 4)
      to[k] = from[0], to[k + plane] = from[1], to[k + 2 * plane] = from[2];
    if (picture.bytes.capacity() > (16u << 20))
      picture.bytes = {};  // a thread keeps its buffer, but not that of a giant
    return true;
  }

  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    const auto values = slot.values<float>();
    const auto plane = std::min(decoded.size(), values.size()) / 3;
    for (std::size_t c = 0; c < 3; ++c) {
      const auto middle = static_cast<float>(mean()[mean().size() == 3 ? c : 0]);
      const auto factor = static_cast<float>(1 / scale()[scale().size() == 3 ? c : 0]);
      const auto* from = reinterpret_cast<const std::uint8_t*>(decoded.data()) + c * plane;
      (is_wide() ? Wide::floats : Plain::floats)(from, plane, middle, factor, values.data() + c * plane);
    }
  }

 private:
  static void channels(const std::vector<double>& numbers, const char* name) {
    if (numbers.size() != 1 && numbers.size() != 3)
      throw braid::Error(std::string("parameter '") + name + "' has " + std::to_string(numbers.size()) +
                         " numbers; it has one, or three (red, green, blue)");
  }
};

}  // namespace

BRAID_PLUGIN(Image, "image", "0.1.0")
