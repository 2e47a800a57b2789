// The parameter `encoding` of readers: how a file writes its characters. Cells become UTF-8.
#pragma once

#include <braid/component.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace parts {

class Encoding {
 public:
  explicit Encoding(braid::Component& owner)
      : name_{owner,
              "encoding",
              std::string("utf-8"),
              "How the file writes characters beyond ASCII. A cell that is not UTF-8 under \"utf-8\" is a bad row.",
              {.choices = {"utf-8", "latin-1", "windows-1252"}}} {}

  void to_utf8(std::vector<std::string>& cells) const {
    if (name_() == "utf-8") return;  // the host looks whether it is
    const bool windows = name_() == "windows-1252";
    for (auto& cell : cells) {
      if (std::all_of(cell.begin(), cell.end(), [](char c) { return static_cast<signed char>(c) >= 0; })) continue;
      std::string out;
      out.reserve(cell.size() * 2);
      for (const char c : cell) append(out, static_cast<unsigned char>(c), windows);
      cell = std::move(out);
    }
  }

 private:
  static void append(std::string& out, unsigned char byte, bool windows) {
    // Where Windows-1252 differs from Latin-1; 0: five bytes that it leaves open stay as they are.
    static constexpr std::uint16_t from_80[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                  0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};
    std::uint32_t c = byte;
    if (windows && byte >= 0x80 && byte < 0xA0 && from_80[byte - 0x80]) c = from_80[byte - 0x80];
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0 | (c >> 6));
      out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      out += static_cast<char>(0xE0 | (c >> 12));
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  braid::Param<std::string> name_;
};

}  // namespace parts
