// Text files: packed, encoded, of other formats, with any line ends; against values that a reader can work out by hand.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "kernels/text/key_lines.h"
#include "kernels/text/number.h"
#include "kernels/text/records.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <unistd.h>

using namespace std::string_literals;
namespace text = braid::text;
namespace kernels = braid::kernels;
using text::Encoding;

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("text_test_" + std::to_string(getpid()) + "_" + std::to_string(++made));
  static inline int made = 0;
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& bytes, const std::string& name = "f") const {
    const auto file = (path / name).string();
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }
};

std::string gzip(const std::string& bytes) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(bytes.size() + 1000, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())), z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data()), z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// What is read in portions of `step` bytes; the message where it fails.
std::string read(const std::string& bytes, Encoding encoding = Encoding::utf_8, std::size_t step = 4096) {
  const Folder folder;
  try {
    text::TextStream<std::runtime_error> input(folder.write(bytes), encoding);
    std::string out, block(step, '\0');
    while (const auto got = input.read(block.data(), block.size())) out.append(block, 0, got);
    return out;
  } catch (const std::runtime_error& e) {
    return "error: "s + e.what();
  }
}

bool has(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("encodings become UTF-8, in portions of any size") {
  const auto le = "\xFF\xFE"
                  "a\0\xE9\0\x3D\xD8\x00\xDE\n\0"s,
             be = "\xFE\xFF\0a\0\xE9\xD8\x3D\xDE\x00\0\n"s;
  for (const std::size_t step : {1, 2, 3, 7, 4096}) {
    CAPTURE(step);
    CHECK(read("Mis\xE9rables\x80", Encoding::latin_1, step) == "Mis\u00E9rables\u0080");
    CHECK(read("\x80 5 \x93q\x94\x81", Encoding::windows_1252, step) == "\u20AC 5 \u201Cq\u201D\u0081");
    CHECK(read(le, Encoding::utf_16, step) == "a\u00E9\U0001F600\n");
    CHECK(read(be, Encoding::utf_16, step) == "a\u00E9\U0001F600\n");
    CHECK(read(le.substr(2), Encoding::utf_16le, step) == "a\u00E9\U0001F600\n");
    CHECK(read(be.substr(2), Encoding::utf_16be, step) == "a\u00E9\U0001F600\n");
    CHECK(read(le, Encoding::utf_16le, step) == "a\u00E9\U0001F600\n");
    CHECK(read(gzip(le), Encoding::utf_16, step) == "a\u00E9\U0001F600\n");
    CHECK(read("\xEF\xBB\xBF"
               "a",
               Encoding::utf_8, step) == "a");
  }
  // Half a pair and half a character are not UTF-8.
  CHECK(text::not_utf8(read("a\0\x3D\xD8"s, Encoding::utf_16le)) == 1);
  CHECK(text::not_utf8(read("a\0\x3D\xD8"
                            "b\0"s,
                            Encoding::utf_16le)) == 1);
  CHECK(text::not_utf8(read("a\0b"s, Encoding::utf_16le)) == 1);
  CHECK(read("", Encoding::utf_16) == "");
  CHECK(read("") == "");
}

TEST_CASE("a file that is not in the encoding it is said to be in") {
  const auto le = "\xFF\xFE"
                  "a\0b\0"s,
             be = "\xFE\xFF\0a\0b"s,
             eight =
                 "\xEF\xBB\xBF"
                 "ab"s;
  for (const auto encoding : {Encoding::utf_8, Encoding::latin_1, Encoding::windows_1252}) {
    CHECK(has(read(le, encoding), "is UTF-16; set encoding = \"utf-16\""));
    CHECK(has(read(be, encoding), "is UTF-16; set encoding = \"utf-16\""));
    CHECK(has(read(le.substr(2), encoding), "set encoding = \"utf-16le\""));
    CHECK(has(read(be.substr(2), encoding), "set encoding = \"utf-16be\""));
    CHECK(has(read("\xFF\xFE\0\0a\0\0\0"s, encoding), "is UTF-32"));
  }
  CHECK(has(read(eight, Encoding::latin_1), "byte order mark of UTF-8"));
  CHECK(has(read(eight, Encoding::utf_16), "byte order mark of UTF-8"));
  CHECK(has(read(le.substr(2), Encoding::utf_16), "has no byte order mark"));
  for (const auto encoding : {Encoding::utf_16, Encoding::utf_16le, Encoding::utf_16be})
    CHECK(has(read("a,b\n1,2\n", encoding), "is not UTF-16"));
  CHECK(has(read(le.substr(2), Encoding::utf_16be), "set encoding = \"utf-16le\""));
  CHECK(has(read(be.substr(2), Encoding::utf_16le), "set encoding = \"utf-16be\""));
  CHECK(has(read(le, Encoding::utf_16be), "low byte first; set encoding = \"utf-16le\""));
  CHECK(has(read(be, Encoding::utf_16le), "high byte first; set encoding = \"utf-16be\""));
}

TEST_CASE("line ends: those of old Macs where there are no others") {
  CHECK(read("a\rb\rc") == "a\nb\nc");
  CHECK(read("a\r\nb\rc\r\n") == "a\r\nb\rc\r\n");
  CHECK(read(gzip("a\rb\r")) == "a\nb\n");
  CHECK(read("a\0\r\0b\0"s, Encoding::utf_16le) == "a\nb");
}

TEST_CASE("files of other formats are named; texts that begin with the same letters are read") {
  const auto tar = "f" + std::string(256, '\0') + "ustar\00000"s + std::string(200, '\0');
  const std::vector<std::pair<std::string, std::string>> others{
      {"\x28\xB5\x2F\xFD\x04\0"s, "packed by zstd"},
      {"\xFD\x37zXZ\0\0\x04"s, "packed by xz"},
      {"BZh91AY&SY\xF5", "packed by bzip2"},
      {"BZh1\x17\x72\x45\x38\x50\x90", "packed by bzip2"},
      {"\x04\x22\x4D\x18\x64", "packed by lz4"},
      {gzip(gzip("a")), "packed by gzip twice"},
      {"7z\xBC\xAF\x27\x1C\0\x04"s, "a 7z archive"},
      {"Rar!\x1A\x07\x01\0"s, "a RAR archive"},
      {"PK\x03\x04\x14\0"s, "a zip archive"},
      {"PK\x05\x06\0\0"s, "a zip archive"},
      {tar, "a tar archive"},
      {gzip(tar), "a tar archive"},
      {"PAR1\x15\x04\x15\x10", "a Parquet file"},
      {"ARROW1\0\0\xFF\xFF"s, "an Arrow"},
      {"FEA1\0\0\0\0"s, "an Arrow"},
      {"SQLite format 3\0\x10"s, "an SQLite database"},
      {"\x89HDF\r\n\x1A\n\0"s, "an HDF5 file"},
      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0"s, "an old Excel"},
      {"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", "a PDF"},
  };
  for (const auto& [bytes, what] : others) {
    INFO(what);
    CHECK(has(read(bytes), what));
    CHECK(has(read(bytes, Encoding::latin_1), what));
    CHECK(has(read(gzip(bytes)), bytes.starts_with("\x1F\x8B") ? "packed by gzip twice" : what));
  }
  for (const std::string plain :
       {"PAR1,x\n1,2\n", "PAR1", "PAR1\tx\n", "BZh,a\n", "BZh9,a\n", "BZh91AY,SY\n", "7z,a\n", "Rar!,a\n", "PK,a\n",
        "ARROW1,a\n", "FEA1\nx\n", "SQLite format 3,a\n", "%PDF-a,b\n", "%PDF-1.7,b\n", "ustar,a\n"})
    CHECK(read(plain) == plain);
}

TEST_CASE("going back, packed and not, in each encoding") {
  const Folder folder;
  std::string wide = "\xFF\xFE", narrow;
  for (int k = 0; k < 200'000; ++k) {
    const char c = static_cast<char>(k % 7 == 3 ? '\xE9' : 'a' + k % 23);
    wide += c, wide += '\0', narrow += c;
  }
  const auto expected = read(narrow, Encoding::latin_1);
  for (const auto& [bytes, encoding] : std::vector<std::pair<std::string, Encoding>>{
           {"\xEF\xBB\xBF" + expected, Encoding::utf_8}, {narrow, Encoding::latin_1}, {wide, Encoding::utf_16}})
    for (const auto& packed : {bytes, gzip(bytes)}) {
      text::TextStream<std::runtime_error> input(folder.write(packed), encoding);
      std::string all(300'000, '\0');
      all.resize(input.read(all.data(), all.size()));
      CHECK(all == expected);
      for (const std::size_t to : {150'000u, 3u, 0u, 199'999u, 200'000u}) {
        input.seek(static_cast<std::int64_t>(to));
        char block[5];
        REQUIRE(input.read(block, 5) == 5);
        CHECK(std::string(block, 5) == expected.substr(to, 5));
      }
    }
}

TEST_CASE("the form of a table by its name and what is said of it") {
  const auto form = [](const char* path, const char* separator = "", const char* quote = "",
                       const char* encoding = "") {
    return text::form_of<std::runtime_error>(path, separator, quote, encoding);
  };
  for (const auto* path : {"a.csv", "a.CSV", "a.csv.gz", "A.Csv.GZ"}) {
    CHECK(form(path).separator == ",");
    CHECK(form(path).quote == '"');
  }
  for (const auto* path : {"a.tsv", "a", "csv", "a.csv.bz2"}) {
    CHECK(form(path).separator == "\t");
    CHECK(form(path).quote == '\0');
  }
  CHECK(form("a.csv", "::", "none", "utf-16").separator == "::");
  CHECK(form("a.csv", "::", "none", "utf-16").quote == '\0');
  CHECK(form("a.csv", "::", "none", "utf-16").encoding == Encoding::utf_16);
  CHECK_THROWS(form("a.csv", "", "''"));
  CHECK_THROWS(form("a.csv", "a\"b"));
  CHECK_THROWS(form("a.csv", "\n"));
  CHECK_THROWS(form("a.csv", "", "", "ebcdic"));
}

TEST_CASE("where UTF-8 ends: overlong forms, surrogates, cut characters, beyond U+10FFFF") {
  for (const auto* good : {"", "abc", "\xC2\x80", "\xE0\xA0\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF", "12345678\xC3\xA9", "1234567\xC3\xA9"})
    CHECK(text::not_utf8(good) == std::string::npos);
  const std::pair<const char*, std::size_t> bad[] = {
      {"\x80", 0},         {"a\xC0\x80", 1},        {"\xC1\xBF", 0},         {"\xE0\x9F\xBF", 0},
      {"\xED\xA0\x80", 0}, {"\xF0\x8F\xBF\xBF", 0}, {"\xF4\x90\x80\x80", 0}, {"\xF5\x80\x80\x80", 0},
      {"12345678\xC3", 8}, {"ab\xE2\x82", 2}};
  for (const auto& [text, at] : bad) CHECK(text::not_utf8(text) == at);
}

TEST_CASE("lines of keys: every text comes back") {
  const std::string mark = "\xEF\xBB\xBF";
  const std::vector<std::string> keys{mark + "i1", "",        "a\\b",      "a\nb",    "a\r\nb", "tab\there",
                                      "quo\"te",   "\\n",     mark + "",   "back\\",  "\r",     " a ",
                                      "é",         "C:\\new", "\\" + mark, "a" + mark};
  using Error = std::runtime_error;
  std::string bytes;
  for (const auto& key : keys) text::add_key_line(bytes, key);
  CHECK(text::read_key_lines<Error>(bytes) == keys);
  // As other programs write it.
  CHECK(text::read_key_lines<Error>(mark + "a\r\nb\r\n") == std::vector<std::string>{"a", "b"});
  CHECK(text::read_key_lines<Error>("a\n\nb") == std::vector<std::string>{"a", "", "b"});
  CHECK(text::read_key_lines<Error>("").empty());
  CHECK_THROWS_WITH(text::read_key_lines<Error>("a\nC:\\temp\n"),
                    doctest::Contains("line 2: 'C:\\temp' has a backslash that escapes"));
  const auto refuse = [](std::size_t line, const std::string& what) { throw Error(std::to_string(line) + "|" + what); };
  CHECK_THROWS_WITH(text::read_key_lines("b\na\\", refuse), doctest::Contains("2|'a\\' has"));
}

TEST_CASE("numbers: digits alone are read as from_chars reads them, whatever their count") {
  using kernels::NumberText;
  for (const char* text :
       {"0", "7", "10", "123456789", "999999999999999999", "1000000000000000000", "9223372036854775807"}) {
    const auto got = kernels::read_number(text);
    CHECK(got.kind == NumberText::integer_number);
    CHECK(got.plain);
    CHECK(std::to_string(got.integer) == text);
    CHECK(got.real == std::strtod(text, nullptr));
  }
  for (const char* text : {"00", "007", " 7", "7\t", "+7", "-0", "000000000000000000000007"}) {
    const auto got = kernels::read_number(text);
    CHECK(got.kind == NumberText::integer_number);
    CHECK(!got.plain);
    CHECK(got.integer == std::strtol(text, nullptr, 10));
  }
  CHECK(kernels::read_number("-7").plain);
  CHECK(kernels::read_number("9223372036854775808").kind == NumberText::real_number);
  CHECK(kernels::read_number("7.5").real == 7.5);
  CHECK(kernels::read_number("12e3").real == 12000);
  for (const char* text : {"", " ", "7a", "a7", "7 7", "7-", "0x7", "1_0", "123456789012345678a"})
    CHECK(kernels::read_number(text).kind == NumberText::none);
}

TEST_CASE("bytes above 0x7F anywhere in a long text are seen") {
  std::string text(1000, 'a');
  CHECK(text::is_ascii(text));
  CHECK(text::is_ascii(""));
  for (const std::size_t at : {0, 1, 31, 500, 998, 999}) {
    auto other = text;
    other[at] = static_cast<char>(0x80);
    CHECK(!text::is_ascii(other));
  }
}
