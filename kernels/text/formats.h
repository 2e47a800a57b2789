// Formats that are not text, recognised by their first bytes.
#pragma once

#include <string_view>

namespace braid::text {

// What the file is and what to do with it ("a zip archive ...; unpack it"); null: it may be text. A magic number whose
// bytes could be text as well counts only with bytes behind it that no text has: a column may be called "PAR1".
inline const char* other_format(std::string_view head) {
  using namespace std::string_view_literals;
  const auto has = [&](std::string_view magic, std::size_t at = 0) {
    return head.size() >= at + magic.size() && head.substr(at, magic.size()) == magic;
  };
  const auto control = [&](std::size_t at) {
    const auto c = at < head.size() ? static_cast<unsigned char>(head[at]) : ' ';
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  const auto digit = [&](std::size_t at) { return at < head.size() && head[at] >= '0' && head[at] <= '9'; };
  if (has("\x28\xB5\x2F\xFD"sv)) return "packed by zstd; unpack it (zstd -d), or pack it by gzip";
  if (has("\xFD\x37zXZ\0"sv)) return "packed by xz; unpack it (xz -d), or pack it by gzip";
  if (has("BZh"sv) && digit(3) && head[3] != '0' && (has("1AY&SY"sv, 4) || has("\x17\x72\x45\x38\x50\x90"sv, 4)))
    return "packed by bzip2; unpack it (bzip2 -d), or pack it by gzip";
  if (has("\x04\x22\x4D\x18"sv)) return "packed by lz4; unpack it (lz4 -d), or pack it by gzip";
  if (has("\x1F\x8B"sv)) return "packed by gzip twice; unpack it once (gzip -d)";
  if (has("7z\xBC\xAF\x27\x1C"sv)) return "a 7z archive; unpack it (7z x)";
  if (has("Rar!\x1A\x07"sv)) return "a RAR archive; unpack it";
  if (has("PK\x03\x04"sv) || has("PK\x05\x06"sv))
    return "a zip archive (or a spreadsheet, .xlsx); unpack it, or save it as CSV";
  if (has("ustar"sv, 257) && (control(262) || has("  "sv, 262))) return "a tar archive; unpack it (tar -x)";
  if (has("PAR1"sv) && control(4)) return "a Parquet file; write it as CSV";
  if (has("ARROW1\0"sv) || has("FEA1\0"sv)) return "an Arrow (Feather) file; write it as CSV";
  if (has("SQLite format 3\0"sv)) return "an SQLite database; export the table as CSV (sqlite3 -header -csv)";
  if (has("\x89HDF\r\n\x1A\n"sv)) return "an HDF5 file; write it as CSV";
  if (has("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv)) return "an old Excel or Office file (.xls); save it as CSV";
  if (has("%PDF-"sv) && digit(5) && has("."sv, 6) && digit(7) && (has("\n"sv, 8) || has("\r"sv, 8)))
    return "a PDF; a table of texts is needed, such as CSV";
  return nullptr;
}

}  // namespace braid::text
