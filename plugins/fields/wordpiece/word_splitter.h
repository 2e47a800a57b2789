// Text to words: the cleaning and splitting that BERT does before WordPiece.
#pragma once

#include "word_pieces.h"

#include <utf8proc.h>

#include <array>
#include <cstddef>
#include <cstdint>

// Unnamed, as in the one file that includes it: what is called once for every character gets inlined.
namespace {

enum class Ascii : std::uint8_t { dropped, space, mark, letter };

constexpr auto ascii_classes = [] {
  std::array<Ascii, 128> out{};
  for (int c = 0; c < 128; ++c) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    out[static_cast<std::size_t>(c)] = c == ' ' || c == '\t' || c == '\n' || c == '\r' ? Ascii::space
                                       : c < ' ' || c == 127                           ? Ascii::dropped
                                       : letter                                        ? Ascii::letter
                                                                                       : Ascii::mark;
  }
  return out;
}();

bool is_cjk(std::int32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// Takes one character at a time: control characters go, white space and CJK characters part words, punctuation stands
// alone; uncased: NFD, combining marks go, lower case.
class Splitter {
 public:
  Splitter(Words& words, bool lower) : words_(words), lower_(lower) {}

  void ascii(char c) {
    const auto what = ascii_classes[static_cast<std::size_t>(c)];
    if (what == Ascii::dropped) return;
    flush();
    if (what == Ascii::letter) words_.letter(lower_ && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    else if (what == Ascii::mark) words_.alone(c);
    else words_.end();
  }

  void other(std::int32_t c) {
    const auto& about = *utf8proc_get_property(c);
    switch (about.category) {
      case UTF8PROC_CATEGORY_CC:
      case UTF8PROC_CATEGORY_CF:
      case UTF8PROC_CATEGORY_CO:
        return;
      case UTF8PROC_CATEGORY_ZS:
      case UTF8PROC_CATEGORY_ZL:
      case UTF8PROC_CATEGORY_ZP:
        flush(), words_.end();
        return;
      default:
        break;
    }
    if (c == 0xFFFD) return;
    const bool apart = is_cjk(c);
    if (apart) flush(), words_.end();
    if (!lower_) {
      plain(c, about);
    } else if (about.decomp_seqindex == UINT16_MAX && !(c >= 0xAC00 && c <= 0xD7A3)) {
      part(c, about);
    } else {
      std::int32_t parts[32];
      const auto count = utf8proc_decompose_char(c, parts, 32, UTF8PROC_DECOMPOSE, nullptr);
      for (utf8proc_ssize_t k = 0; k < count && k < 32; ++k) part(parts[k], *utf8proc_get_property(parts[k]));
    }
    if (apart) flush(), words_.end();
  }

  // Ends a stretch of text: nothing that follows belongs to its last character.
  void flush() {
    for (std::size_t k = 0; k < waiting_count_; ++k) plain(waiting_[k], *utf8proc_get_property(waiting_[k]));
    waiting_count_ = 0;
  }

 private:
  // One character of a decomposition. The few spacing marks with a combining class wait, to be put in canonical order.
  void part(std::int32_t c, const utf8proc_property_t& about) {
    const bool dropped = about.category == UTF8PROC_CATEGORY_MN;
    if (about.combining_class == 0 || waiting_count_ == waiting_.size()) flush();
    if (dropped) return;
    if (about.combining_class == 0) return plain(c, about);
    auto at = waiting_count_++;
    for (; at > 0 && utf8proc_get_property(waiting_[at - 1])->combining_class > about.combining_class; --at)
      waiting_[at] = waiting_[at - 1];
    waiting_[at] = c;
  }

  void plain(std::int32_t c, const utf8proc_property_t& about) {
    if (lower_) c = utf8proc_tolower(c);
    switch (about.category) {
      case UTF8PROC_CATEGORY_PC:
      case UTF8PROC_CATEGORY_PD:
      case UTF8PROC_CATEGORY_PS:
      case UTF8PROC_CATEGORY_PE:
      case UTF8PROC_CATEGORY_PI:
      case UTF8PROC_CATEGORY_PF:
      case UTF8PROC_CATEGORY_PO:
        return words_.alone(c);
      default:
        break;
    }
    // A decomposition can end in ASCII marks that are no punctuation to Unicode: U+1FEF is '`'.
    if (c < 128 && ascii_classes[static_cast<std::size_t>(c)] == Ascii::mark) return words_.alone(c);
    words_.letter(c);
  }

  Words& words_;
  bool lower_;
  std::array<std::int32_t, 16> waiting_;
  std::size_t waiting_count_ = 0;
};

}  // namespace
