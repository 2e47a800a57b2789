#include "synth_media.h"

#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
#include <png.h>
#include <csetjmp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <utility>

namespace braid::tools {
namespace {

// Three words for each level of each number; no word stands for two.
constexpr const char* telling[text_dims][levels][3] = {
    {{"bleak", "grim", "sombre"},
     {"wistful", "muted", "pensive"},
     {"plain", "frank", "sober"},
     {"cheerful", "sunny", "warm"},
     {"hilarious", "giddy", "madcap"}},
    {{"glacial", "leisurely", "slow"},
     {"measured", "patient", "calm"},
     {"steady", "regular", "moderate"},
     {"brisk", "lively", "quick"},
     {"breathless", "frantic", "racing"}},
    {{"monks", "shepherds", "gardeners"},
     {"clerks", "teachers", "bakers"},
     {"sailors", "musicians", "painters"},
     {"smugglers", "detectives", "gamblers"},
     {"dragons", "robots", "astronauts"}},
    {{"desert", "tundra", "moor"},
     {"village", "farm", "vineyard"},
     {"harbour", "market", "spa"},
     {"suburb", "campus", "station"},
     {"metropolis", "skyscraper", "subway"}},
};

// %0 tone, %1 pace, %2 who, %3 where, %n a name, %t an idle remark.
constexpr const char* sentences[] = {
    "A %0 and %1 tale of %2 in a %3 . %t",
    "%t In this %1 , %0 story %2 meet in a %3 .",
    "%n follows %2 through a %3 : %0 from the start and %1 to the end .",
    "A %3 , its %2 and %n . The tone is %0 , the pace %1 . %t",
    "What %2 do in a %3 when nobody looks , told in a %0 voice and with a %1 hand .",
};
constexpr const char* names[] = {"anna",  "boris", "clara", "dmitri", "elena", "felix",
                                 "greta", "hugo",  "iris",  "jonas",  "katia", "leo"};
constexpr const char* remarks[] = {
    "Based on a novel .", "The first of three parts .", "With music by the author .", "Shown at two festivals .",
    "Seen by many .",     "Filmed in one summer ."};
constexpr const char* title_first[] = {"amber",    "broken", "crimson", "distant", "empty",
                                       "floating", "golden", "hollow",  "iron",    "jade"};
constexpr const char* title_second[] = {"bridge",  "clock",  "door",  "echo",  "garden",
                                        "lantern", "mirror", "river", "stone", "tower"};

template <std::size_t N>
const char* one_of(const char* const (&words)[N], Draws& d) {
  return words[d.below(N)];
}

void capitalise(std::string& text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
}

// From a standard normal to (-1, 1), evenly: every shade is as frequent as any other.
double even(double normal) { return std::erf(normal / 1.4142135623730951); }

unsigned char shade(double value) { return static_cast<unsigned char>(std::lround(std::clamp(value, 0.0, 255.0))); }

void png_append(png_structp png, png_bytep bytes, std::size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace

std::vector<unsigned char> draw_poster(const SynthItem& item, Draws d) {
  const double red = 128 + 85 * even(item.picture[0]), blue = 128 - 85 * even(item.picture[0]);
  const double green = 128 + 85 * even(item.picture[1]);
  const double angle =
      0.7853981633974483 * (1 + even(item.picture[2]));  // 0: level stripes, a quarter turn: upright ones
  const double across = std::sin(angle), down = std::cos(angle);
  const double radius = 6 + 5 * even(item.picture[3]);
  const double centre_x = 10 + 12 * d.uniform(), centre_y = 14 + 20 * d.uniform();
  const double tint = 215 + 40 * d.uniform(), phase = d.uniform();
  std::vector<unsigned char> rgb;
  rgb.reserve(static_cast<std::size_t>(poster_width) * poster_height * 3);
  for (int y = 0; y < poster_height; ++y) {
    for (int x = 0; x < poster_width; ++x) {
      const double wave = std::sin(6.283185307179586 * ((x * across + y * down) / 6 + phase));
      const double stripe = 26 * wave;
      const double off_x = x - centre_x, off_y = y - centre_y;
      // One pixel of soft edge.
      const double inside = std::clamp(radius + 0.5 - std::sqrt(off_x * off_x + off_y * off_y), 0.0, 1.0);
      for (const double ground : {red, green, blue})
        rgb.push_back(shade((ground + stripe) * (1 - inside) + tint * inside));
    }
  }
  return rgb;
}

std::string to_png(const std::vector<unsigned char>& rgb, int width, int height) {
  std::string out;
  auto* png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, nullptr, [](png_structp, png_const_charp text) { throw std::runtime_error(text); },
      [](png_structp, png_const_charp) {});
  if (!png) throw std::runtime_error("libpng gives no encoder");
  auto* info = png_create_info_struct(png);
  struct Free {
    png_structp* png;
    png_infop* info;
    ~Free() { png_destroy_write_struct(png, info); }
  } freed{&png, &info};
  png_set_write_fn(png, &out, png_append, [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8, PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int y = 0; y < height; ++y)
    png_write_row(png, rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * 3);
  png_write_end(png, info);
  return out;
}

std::string to_jpeg(const std::vector<unsigned char>& rgb, int width, int height) {
  struct Trouble : jpeg_error_mgr {
    std::jmp_buf leave;
  } trouble;
  jpeg_compress_struct jpeg{};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg.err = jpeg_std_error(&trouble);
  // Exceptions must not pass through C; nothing between here and the jump has a destructor.
  trouble.error_exit = [](j_common_ptr info) { std::longjmp(static_cast<Trouble*>(info->err)->leave, 1); };
  if (setjmp(trouble.leave)) {
    jpeg_destroy_compress(&jpeg);
    std::free(bytes);
    throw std::runtime_error("libjpeg cannot write a picture");
  }
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 90, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<unsigned char*>(rgb.data()) +
                static_cast<std::size_t>(jpeg.next_scanline) * static_cast<std::size_t>(width) * 3;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string out(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return out;
}

std::string describe_item(const SynthItem& item, Draws d) {
  std::string out;
  for (const char* c = one_of(sentences, d); *c; ++c) {
    if (*c != '%') {
      out += *c;
      continue;
    }
    ++c;
    if (*c >= '0' && *c <= '3') {
      const auto k = static_cast<std::size_t>(*c - '0');
      out += telling[k][item.text[k]][d.below(3)];
    } else if (*c == 'n') {
      std::string name = one_of(names, d);
      capitalise(name);
      out += name;
    } else {
      out += one_of(remarks, d);
    }
  }
  // Templates keep words and marks apart for the vocabulary's sake; people do not.
  std::string text;
  for (const char c : out) {
    if ((c == '.' || c == ',' || c == ':') && !text.empty() && text.back() == ' ') text.pop_back();
    text += c;
  }
  return text;
}

std::string name_item(Draws d) {
  std::string first = one_of(title_first, d), second = one_of(title_second, d);
  capitalise(first);
  capitalise(second);
  return "The " + first + " " + second;
}

std::string vocabulary() {
  std::set<std::string> words;
  const auto add = [&words](const std::string& text) {
    std::string word;
    for (const char c : text + " ") {
      if (c >= 'a' && c <= 'z') word += c;
      else if (c >= 'A' && c <= 'Z') word += static_cast<char>(c - 'A' + 'a');
      else if (!word.empty()) words.insert(std::exchange(word, ""));
    }
  };
  for (const auto& number : telling)
    for (const auto& level : number)
      for (const auto* word : level) add(word);
  for (std::string text : sentences) {
    for (std::size_t at; (at = text.find('%')) != std::string::npos;) text.replace(at, 2, " ");
    add(text);
  }
  for (const auto* text : remarks) add(text);
  for (const auto* text : names) add(text);
  for (const auto* text : title_first) add(text);
  for (const auto* text : title_second) add(text);
  std::string out = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n.\n,\n:\n";
  for (char c = 'a'; c <= 'z'; ++c) out += std::string(1, c) + "\n";
  for (char c = 'a'; c <= 'z'; ++c) out += "##" + std::string(1, c) + "\n";
  for (const auto& word : words)
    if (word.size() > 1) out += word + "\n";
  return out;
}

}  // namespace braid::tools
