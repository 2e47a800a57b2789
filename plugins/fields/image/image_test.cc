// Against Pillow: image_golden.h is written by tools/goldens/image.py.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "decode.cc"
#include "image.cc"
#include "resize.cc"
#include "image_golden.h"
#include "sdk/state.h"

#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace {

std::unique_ptr<braid::Field> field(std::int64_t width, std::int64_t height, braid::Values values = {}) {
  values["width"] = width, values["height"] = height;
  auto made =
      braid::construct([]() -> std::unique_ptr<braid::Component> { return std::make_unique<Image>(); }, values, {});
  return std::unique_ptr<braid::Field>(static_cast<braid::Field*>(made.release()));
}

std::string unhex(std::string_view text) {
  std::string out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t k = 0; k + 1 < text.size(); k += 2)
    out += static_cast<char>(digit(text[k]) * 16 + digit(text[k + 1]));
  return out;
}

braid::Cell cell(std::string_view file) {
  return {{}, std::span(reinterpret_cast<const std::byte*>(file.data()), file.size())};
}

braid::Bytes levels(const braid::Field& f, std::string_view file) {
  braid::Bytes out;
  REQUIRE(f.decode(cell(file), out));
  return out;
}

// The greatest difference in levels; 999 when the sizes differ.
int difference(const braid::Bytes& got, std::string_view expected) {
  if (got.size() != expected.size()) return 999;
  int most = 0;
  for (std::size_t k = 0; k < got.size(); ++k)
    most =
        std::max(most, std::abs(static_cast<int>(got[k]) - static_cast<int>(static_cast<unsigned char>(expected[k]))));
  return most;
}

const golden::Case& golden_case(std::string_view name) {
  for (const auto& c : golden::cases)
    if (c.name == name) return c;
  throw std::logic_error("no such case");
}

TEST_CASE("equals Pillow: PNG to the level, JPEG within one") {
  for (const auto& c : golden::cases) {
    INFO(c.name);
    const auto got = levels(*field(c.width, c.height), unhex(c.file));
    CHECK(difference(got, unhex(c.levels)) <= (std::string_view(c.name).starts_with("png") ? 0 : 1));
  }
}

TEST_CASE("both versions of the loops give the same bits, at odd sizes") {
  if (!is_wide()) std::puts("no AVX2 here: the plain loops were compared with themselves");
  for (const auto& [from_w, from_h, to_w, to_h] : std::vector<std::array<int, 4>>{
           {64, 96, 32, 40}, {7, 5, 19, 33}, {100, 61, 9, 8}, {33, 1, 17, 3}, {1, 1, 8, 8}, {250, 9, 1, 1}}) {
    Pixels plain{from_w, from_h, std::vector<std::uint8_t>(static_cast<std::size_t>(from_w * from_h * 4))};
    std::uint32_t state = 1;
    for (auto& level : plain.bytes) level = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    auto wide = plain;
    resize_with<Plain>(plain, to_w, to_h);
    if (is_wide()) resize_with<Wide>(wide, to_w, to_h);
    else resize_with<Plain>(wide, to_w, to_h);
    CHECK(plain.bytes == wide.bytes);
    std::vector<float> a(plain.bytes.size()), b(plain.bytes.size());
    Plain::floats(plain.bytes.data(), a.size(), 123.675f, 1 / 58.395f, a.data());
    (is_wide() ? Wide::floats : Plain::floats)(plain.bytes.data(), b.size(), 123.675f, 1 / 58.395f, b.data());
    CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("transparent pixels show the background") {
  const auto file = unhex(golden_case("png alpha").file);
  const auto black = levels(*field(13, 9, {{"background", std::int64_t{0}}}), file),
             white = levels(*field(13, 9), file);
  int darker = 0;
  for (std::size_t k = 0; k < black.size(); ++k) {
    REQUIRE(black[k] <= white[k]);
    darker += black[k] < white[k];
  }
  CHECK(darker > 100);
}

TEST_CASE("normalised, by one number or by colour") {
  const auto& c = golden_case("png 5x3");
  const auto file = unhex(c.file), expected = unhex(c.levels);
  for (const bool by_colour : {false, true}) {
    braid::Values values;
    if (by_colour)
      values = {{"mean", std::vector<double>{123.675, 116.28, 103.53}},
                {"scale", std::vector<double>{58.395, 57.12, 57.375}}};
    const auto f = field(c.width, c.height, values);
    std::vector<float> got(expected.size());
    f->place(levels(*f, file), {reinterpret_cast<std::byte*>(got.data()), got.size()}, {});
    const double mean[] = {123.675, 116.28, 103.53}, scale[] = {58.395, 57.12, 57.375};
    for (std::size_t k = 0; k < got.size(); ++k) {
      const auto x = static_cast<double>(static_cast<unsigned char>(expected[k]));
      const auto colour = k / (got.size() / 3);
      CHECK(got[k] == doctest::Approx(by_colour ? (x - mean[colour]) / scale[colour] : (x - 127.5) / 64).epsilon(1e-5));
    }
  }
  CHECK_THROWS_AS(field(4, 4, {{"mean", std::vector<double>{1, 2}}}), braid::Error);
  CHECK_THROWS_AS(field(4, 4, {{"scale", std::vector<double>{}}}), braid::Error);
}

TEST_CASE("no file: an absent row") {
  braid::Bytes out;
  CHECK_FALSE(field(4, 4)->decode({}, out));
}

std::string why(std::string_view file) {
  braid::Bytes out;
  try {
    field(4, 4)->decode(cell(file), out);
  } catch (const braid::Error& e) {
    return e.what();
  }
  return "";
}

TEST_CASE("broken files are refused with a reason, wherever they end, and the next picture decodes") {
  CHECK(why("") == "the file is empty");
  CHECK(why("<!DOCTYPE html>") == "neither JPEG nor PNG; it starts with '<!DOCTYPE ht'");
  CHECK(why("GIF89a\x01\x02").find("neither JPEG nor PNG") == 0);
  for (const auto* name : {"jpeg down", "jpeg progressive", "png 5x3", "png interlaced", "jpeg four inks"}) {
    const auto& c = golden_case(name);
    const auto file = unhex(c.file);
    INFO(name);
    for (std::size_t size = 8; size + 20 < file.size(); size += 1 + size / 16) {
      INFO("cut after " << size);
      CHECK(why(std::string_view(file).substr(0, size)).find(file[0] == '\x89' ? "broken PNG: " : "broken JPEG: ") ==
            0);
    }
    CHECK(difference(levels(*field(c.width, c.height), file), unhex(c.levels)) <= 1);
  }
  // Any changed byte either decodes or is refused; memory is never left (AddressSanitizer watches when it is on).
  for (const auto* name :
       {"jpeg same size", "jpeg progressive", "png palette alpha", "png interlaced", "png 16 bit, 3"})
    for (std::size_t at = 2; at < unhex(golden_case(name).file).size(); ++at)
      for (const int change : {1, 0x80, 0xFF}) {
        auto file = unhex(golden_case(name).file);
        file[at] = static_cast<char>(file[at] ^ change);
        static_cast<void>(why(file));
      }
}

TEST_CASE("bombs are refused before memory is taken") {
  auto jpeg = unhex(golden_case("jpeg same size").file);
  const auto frame = jpeg.find("\xFF\xC0");
  REQUIRE(frame != jpeg.npos);
  jpeg.replace(frame + 5, 4, "\xFF\xDC\xFF\xDC");  // 65,500 x 65,500
  CHECK(why(jpeg).find("65500 x 65500 pixels; at most 64 Mi") != std::string::npos);
  auto png = unhex(golden_case("png 5x3").file);
  const std::string size("\x00\x00\x80\x00\x00\x00\x80\x00", 8);
  png.replace(16, 8, size);  // 32,768 x 32,768, with the chunk's checksum
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(png.data() + 12), 17);
  for (int k = 0; k < 4; ++k) png[static_cast<std::size_t>(29 + k)] = static_cast<char>(sum >> (24 - 8 * k));
  CHECK(why(png).find("32768 x 32768 pixels; at most 64 Mi") != std::string::npos);
}

TEST_CASE("threads do not disturb each other") {
  const auto f = field(9, 9);
  std::vector<std::thread> threads;
  std::array<bool, 4> good{};
  for (std::size_t t = 0; t < good.size(); ++t)
    threads.emplace_back([&, t] {
      bool all = true;
      for (int round = 0; round < 30; ++round)
        for (const auto& c : golden::cases) {
          braid::Bytes out;
          all = all && f->decode(cell(unhex(c.file)), out) && out.size() == 243;
          if (c.width == 9 && c.height == 9) all = all && difference(out, unhex(c.levels)) <= 1;
        }
      good[t] = all;
    });
  for (auto& t : threads) t.join();
  for (const bool g : good) CHECK(g);
}

TEST_CASE("real pictures: a photograph and every poster of MovieLens-1M") {
  const char* data = std::getenv("BRAID_DATA");
  if (!data) {
    std::puts("skipped: BRAID_DATA is not set (a folder with ml-1m/ and weights/)");
    return;
  }
  std::ifstream photo(std::string(data) + "/weights/parrot.jpg", std::ios::binary);
  CHECK(difference(levels(*field(24, 16), std::string(std::istreambuf_iterator<char>(photo), {})),
                   unhex(golden::parrot)) <= 1);

  const auto tar = gzopen((std::string(data) + "/ml-1m/posters_64x96.tar.gz").c_str(), "rb");
  REQUIRE(tar);
  const auto whole = field(64, 96), small = field(32, 40);
  std::uint64_t sums[] = {0xcbf29ce484222325u, 0xcbf29ce484222325u};
  int count = 0;
  char head[512];
  while (gzread(tar, head, 512) == 512 && head[0]) {
    const auto size = std::strtoul(std::string(head + 124, 11).c_str(), nullptr, 8);
    std::string file((size + 511) / 512 * 512, '\0');
    REQUIRE(gzread(tar, file.data(), static_cast<unsigned>(file.size())) == static_cast<int>(file.size()));
    if (head[156] != '0' && head[156]) continue;
    ++count;
    for (const int k : {0, 1}) {
      const auto got = levels(k ? *small : *whole, std::string_view(file).substr(0, size));
      for (std::size_t at = 0; at + 8 <= got.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, got.data() + at, 8);
        sums[k] = (sums[k] ^ word) * 0x100000001b3u;
      }
    }
  }
  gzclose_r(tar);
  CHECK(count == golden::posters);
  CHECK(sums[0] == golden::posters_64x96);
  CHECK(sums[1] == golden::posters_32x40);
}

}  // namespace
