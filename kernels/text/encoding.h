// How a file writes its characters, and the file's text as UTF-8.
#pragma once

#include "kernels/text/byte_stream.h"
#include "kernels/text/utf8.h"

#include <array>
#include <optional>

namespace braid::text {

enum class Encoding : std::uint8_t { utf_8, latin_1, windows_1252, utf_16, utf_16le, utf_16be };

inline constexpr std::array encoding_names{"utf-8", "latin-1", "windows-1252", "utf-16", "utf-16le", "utf-16be"};

// Nothing for a name that is not one of encoding_names.
inline std::optional<Encoding> encoding_named(std::string_view name) {
  for (std::size_t k = 0; k < encoding_names.size(); ++k)
    if (name == encoding_names[k]) return static_cast<Encoding>(k);
  return {};
}

// What a byte of Latin-1 or Windows-1252 represents. Five bytes that Windows-1252 leaves open stay as they are.
inline std::uint32_t character_of(unsigned char byte, bool windows) {
  static constexpr std::uint16_t from_80[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};
  return windows && byte >= 0x80 && byte < 0xA0 && from_80[byte - 0x80] ? from_80[byte - 0x80] : byte;
}

// What is wrong about a file that begins with `head` when it is said to be in `encoding`; empty: nothing. `mark`: the
// bytes of its byte order mark; `big`: it is UTF-16 with the high byte first.
inline std::string wrong_encoding(std::string_view head, Encoding encoding, std::size_t& mark, bool& big) {
  using namespace std::string_view_literals;
  const bool wide = encoding >= Encoding::utf_16;
  const bool le = head.starts_with("\xFF\xFE"sv), be = head.starts_with("\xFE\xFF"sv);
  const bool bom = head.starts_with("\xEF\xBB\xBF"sv);
  mark = 0, big = encoding == Encoding::utf_16be;
  if (head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv))
    return "is UTF-32; convert it to UTF-8 (iconv -f UTF-32 -t UTF-8)";
  // Without a mark: half of the bytes of what is mostly ASCII are zeros.
  const auto zero = [&](std::size_t k) { return head[k] == '\0'; };
  const bool alternate = head.size() >= 4 && zero(0) == zero(2) && zero(1) == zero(3) && zero(0) != zero(1);
  if (!wide) {
    if (le || be) return "is UTF-16; set encoding = \"utf-16\", or convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)";
    if (alternate)
      return std::string("is UTF-16 without a byte order mark; set encoding = \"") +
             (zero(0) ? "utf-16be\"" : "utf-16le\"");
    if (bom && encoding != Encoding::utf_8)
      return std::string("begins with the byte order mark of UTF-8, but encoding is \"") +
             encoding_names[static_cast<std::size_t>(encoding)] + "\"; leave `encoding` out";
    mark = bom ? 3 : 0;
    return "";
  }
  if (bom) return "begins with the byte order mark of UTF-8, not of UTF-16; leave `encoding` out";
  if (!le && !be && !head.empty()) {
    if (head.find('\0') == head.npos)
      return "is not UTF-16: it has neither a byte order mark nor a zero byte in front; leave `encoding` out if it is "
             "UTF-8";
    if (encoding == Encoding::utf_16)
      return "has no byte order mark, so its bytes' order is not known; set encoding = \"utf-16le\" (low byte first, "
             "as "
             "Windows writes it) or \"utf-16be\"";
  }
  const bool high = be || (alternate && zero(0)), low = le || (alternate && zero(1));
  if ((encoding == Encoding::utf_16le && high) || (encoding == Encoding::utf_16be && low))
    return std::string("is UTF-16 with the ") +
           (high ? "high byte first; set encoding = \"utf-16be\"" : "low byte first; set encoding = \"utf-16le\"");
  big = big || be;
  mark = le || be ? 2 : 0;
  return "";
}

// A file's text: unpacked, as UTF-8, without byte order mark, and with "\n" for the line ends of old Macs (a lone "\r"
// each: a file with one and without "\n" in what the first call of read() asks for). One thread.
template <class Error>
class TextStream {
 public:
  explicit TextStream(const std::string& path, Encoding encoding = Encoding::utf_8)
      : path_(path), encoding_(encoding), bytes_(path) {
    begin();
  }

  // Up to `most` bytes into `to`; 0 at the end of the file.
  std::size_t read(char* to, std::size_t most) {
    std::size_t got = 0;
    while (got < most) {
      const auto n = encoding_ == Encoding::utf_8 ? plain(to + got, most - got) : converted(to + got, most - got);
      if (n == 0) break;
      got += n;
    }
    if (!told_) {
      told_ = true;
      mac_ = !std::memchr(to, '\n', got) && std::memchr(to, '\r', got);
    }
    if (mac_) std::replace(to, to + got, '\r', '\n');
    given_ += static_cast<std::int64_t>(got);
    return got;
  }

  // The line that is being read, for messages.
  void at_line(std::int64_t line) { bytes_.at_line(line); }

  // To a place in what read() gives.
  void seek(std::int64_t to) {
    if (encoding_ == Encoding::utf_8) {
      bytes_.seek(to + static_cast<std::int64_t>(mark_));
      head_.clear(), given_ = to;
      return;
    }
    if (to < given_) {
      bytes_.seek(0);
      begin();
    }
    std::array<char, 1 << 14> passed;
    while (given_ < to)
      if (read(passed.data(), static_cast<std::size_t>(std::min<std::int64_t>(to - given_, passed.size()))) == 0) break;
  }

 private:
  // Looks at the first bytes.
  void begin() {
    char first[512];
    head_.assign(first, bytes_.read(first, sizeof first));
    std::size_t mark = 0;
    if (const auto wrong = wrong_encoding(head_, encoding_, mark, big_); !wrong.empty())
      throw Error("'" + path_ + "' " + wrong);
    mark_ = mark;
    head_.erase(0, mark);
    over_ = false, given_ = 0, ready_.clear(), ready_at_ = 0, rest_.clear();
  }

  std::size_t plain(char* to, std::size_t most) {
    if (head_.empty()) return bytes_.read(to, most);
    const auto n = std::min(most, head_.size());
    std::memcpy(to, head_.data(), n);
    head_.erase(0, n);
    return n;
  }

  std::size_t converted(char* to, std::size_t most) {
    while (ready_at_ == ready_.size()) {
      if (over_) return 0;
      std::array<char, 1 << 14> block;
      const auto n = plain(block.data(), block.size());
      over_ = n == 0;
      ready_.clear(), ready_at_ = 0;
      if (encoding_ >= Encoding::utf_16) from_utf_16({block.data(), n});
      else from_bytes({block.data(), n});
    }
    const auto n = std::min(most, ready_.size() - ready_at_);
    std::memcpy(to, ready_.data() + ready_at_, n);
    ready_at_ += n;
    return n;
  }

  void from_bytes(std::string_view block) {
    const bool windows = encoding_ == Encoding::windows_1252;
    for (std::size_t at = 0; at < block.size();) {
      auto ascii = at;
      while (ascii < block.size() && static_cast<signed char>(block[ascii]) >= 0) ++ascii;
      ready_.append(block.substr(at, ascii - at));
      for (at = ascii; at < block.size() && static_cast<signed char>(block[at]) < 0; ++at)
        append_utf8(ready_, character_of(static_cast<unsigned char>(block[at]), windows));
    }
  }

  // Half a pair, and half a character at the end, become bytes that are not UTF-8: their cell is found bad.
  void from_utf_16(std::string_view block) {
    rest_.append(block);
    std::size_t at = 0;
    const auto unit = [&](std::size_t k) {
      const auto a = static_cast<unsigned char>(rest_[k]), b = static_cast<unsigned char>(rest_[k + 1]);
      return static_cast<std::uint32_t>(big_ ? a << 8 | b : b << 8 | a);
    };
    for (; at + 2 <= rest_.size(); at += 2) {
      auto c = unit(at);
      if (c >= 0xD800 && c < 0xDC00) {
        if (at + 4 > rest_.size() && !over_) break;
        const auto low = at + 4 <= rest_.size() ? unit(at + 2) : 0;
        if (low >= 0xDC00 && low < 0xE000) c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00), at += 2;
      }
      append_utf8(ready_, c);
    }
    rest_.erase(0, at);
    if (over_ && !rest_.empty()) ready_ += '\xFF', rest_.clear();
  }

  std::string path_;
  Encoding encoding_ = Encoding::utf_8;
  ByteStream<Error> bytes_;
  std::string head_, ready_, rest_;  // first bytes, converted ones, those of half a character
  std::size_t mark_ = 0, ready_at_ = 0;
  std::int64_t given_ = 0;
  bool told_ = false, mac_ = false, big_ = false, over_ = false;
};

}  // namespace braid::text
