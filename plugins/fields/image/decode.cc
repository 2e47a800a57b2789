// JPEG and PNG files to pixels, by libjpeg and libpng.
#include "pixels.h"

#include <braid/component.h>

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
#include <png.h>

#include <jerror.h>  // its codes exist once jpeglib.h is read

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace {

constexpr std::int64_t most_pixels = 64 << 20;  // of one picture: 256 MiB decoded. More is taken for a bomb
constexpr int most_scans = 200;                 // of a progressive JPEG; real ones have about ten

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

}  // namespace

bool is_jpeg(std::span<const std::byte> file) {
  return file.size() >= 3 && file[0] == std::byte{0xFF} && file[1] == std::byte{0xD8} && file[2] == std::byte{0xFF};
}
bool is_png(std::span<const std::byte> file) {
  constexpr unsigned char signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return file.size() >= sizeof signature && std::memcmp(file.data(), signature, sizeof signature) == 0;
}

void decode_jpeg(std::span<const std::byte> file, Pixels& out) {
  thread_local Jpeg jpeg;
  jpeg.decode(file, out);
}

void decode_png(std::span<const std::byte> file, Pixels& out) { Png(file).decode(out); }
