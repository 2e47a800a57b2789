// JPEG and PNG pictures to floats of one size.
#include "image_examples.h"
#include "pixels.h"

#include <braid/plugin.h>

#include <algorithm>

namespace {

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
      decode_jpeg(file, picture);
    } else if (is_png(file)) {
      decode_png(file, picture);
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
      to_floats(from, plane, middle, factor, values.data() + c * plane);
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
