// Words to ids of a vocabulary: the longest piece first, as BERT does.
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// Unnamed, as in the one file that includes it: what is called once for every character gets inlined.
namespace {

constexpr std::size_t longest_word = 100;  // characters; a longer word is unknown as a whole (BERT's rule)

// Token texts to ids: open addressing, keyed by a hash that grows byte by byte, so that all prefixes of a word are
// hashed in one pass. Pieces inside a word ("##ing") are kept without their mark, under another starting hash.
class Pieces {
 public:
  static constexpr std::uint64_t first = 0xcbf29ce484222325u, inner = 0x9ae16a3b2f90404fu;
  static constexpr std::uint64_t step(std::uint64_t hash, char byte) {
    return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  }

  // `tokens` stay where they are: the table points into them.
  explicit Pieces(const std::vector<std::string_view>& tokens) {
    std::size_t slots = 64;
    while (slots < tokens.size() * 3) slots *= 2;
    slots_.resize(slots);
    for (std::size_t id = 0; id < tokens.size(); ++id) {
      auto text = tokens[id];
      const bool is_inner = text.size() > 2 && text.starts_with("##");
      if (is_inner) text.remove_prefix(2);
      longest_ = std::max(longest_, text.size());
      insert(text, is_inner, static_cast<std::int32_t>(id));
    }
  }

  // The longest piece, in bytes.
  std::size_t longest() const { return longest_; }

  // -1: no such piece. `hash` is that of `text`, begun with `first` or `inner`.
  std::int32_t find(std::uint64_t hash, std::string_view text) const {
    for (auto at = place(hash);; at = (at + 1) & (slots_.size() - 1)) {
      const auto& slot = slots_[at];
      if (slot.id < 0) return -1;
      if (slot.hash == hash && slot.text == text) return slot.id;
    }
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::string_view text;
    std::int32_t id = -1;
  };
  std::size_t place(std::uint64_t hash) const { return (hash ^ (hash >> 29)) & (slots_.size() - 1); }
  void insert(std::string_view text, bool is_inner, std::int32_t id) {
    auto hash = is_inner ? inner : first;
    for (const char c : text) hash = step(hash, c);
    auto at = place(hash);
    // A token that stands twice has the later id, as in the reference.
    while (slots_[at].id >= 0 && !(slots_[at].hash == hash && slots_[at].text == text))
      at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hash, text, id};
  }

  std::vector<Slot> slots_;
  std::size_t longest_ = 0;
};

// Collects a word's normalised characters and appends its pieces to `ids`.
class Words {
 public:
  Words(const Pieces& pieces, std::int32_t unknown, std::vector<std::int32_t>& ids)
      : pieces_(pieces), unknown_(unknown), ids_(ids) {}

  void letter(char ascii) {
    if (chars_++ < longest_word) text_[bytes_++] = ascii;
  }
  void letter(std::int32_t c) {
    if (chars_++ < longest_word)
      bytes_ +=
          static_cast<std::size_t>(utf8proc_encode_char(c, reinterpret_cast<unsigned char*>(text_.data() + bytes_)));
  }
  template <class Char>
  void alone(Char c) {
    end();
    letter(c);
    end();
  }
  void id(std::int32_t id) {
    end();
    ids_.push_back(id);
  }
  // Greedy: the longest piece that the rest of the word starts with, until nothing is left. A word with a rest that
  // starts with no piece is unknown as a whole.
  void end() {
    if (chars_ == 0) return;
    const auto before = ids_.size();
    bool known = chars_ <= longest_word;
    for (std::size_t start = 0; known && start < bytes_;) {
      const auto stop = std::min(bytes_, start + pieces_.longest());
      hashes_[start] = start ? Pieces::inner : Pieces::first;
      for (auto k = start; k < stop; ++k) hashes_[k + 1] = Pieces::step(hashes_[k], text_[k]);
      known = false;
      for (auto k = stop; k > start; --k) {
        if (k < bytes_ && (text_[k] & 0xC0) == 0x80) continue;  // inside a character
        const auto found = pieces_.find(hashes_[k], {text_.data() + start, k - start});
        if (found < 0) continue;
        ids_.push_back(found);
        start = k;
        known = true;
        break;
      }
    }
    if (!known) {
      ids_.resize(before);
      ids_.push_back(unknown_);
    }
    chars_ = bytes_ = 0;
  }

 private:
  const Pieces& pieces_;
  std::int32_t unknown_;
  std::vector<std::int32_t>& ids_;
  std::array<char, longest_word * 4> text_;
  std::array<std::uint64_t, longest_word * 4 + 1> hashes_;
  std::size_t chars_ = 0, bytes_ = 0;
};

}  // namespace
