// BERT's WordPiece: text to ids of a fixed vocabulary, as the uncased (or cased) BERT models were trained on.
#include "kernels/text/byte_stream.h"

#include <braid/plugin.h>

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

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

// The cleaning and splitting that BERT does before WordPiece, one character at a time: control characters go, white
// space and CJK characters part words, punctuation stands alone; uncased: NFD, combining marks go, lower case.
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

std::string read_whole(const std::string& path) {
  constexpr std::size_t most = std::size_t{256} << 20;  // of a vocabulary; more is no vocabulary
  braid::text::ByteStream<braid::Error> in(path);
  std::string out, block(1 << 18, '\0');
  while (const auto got = in.read(block.data(), block.size())) {
    out.append(block, 0, got);
    if (out.size() > most)
      throw braid::Error("'" + path + "' holds more than " + std::to_string(most >> 20) + " MiB; it is no vocabulary");
  }
  return out;
}

struct WordPiece final : braid::Field {
  static constexpr braid::About about{
      .summary = "Splits text into the word pieces of a BERT vocabulary: [CLS] pieces [SEP].",
      .paper = "Devlin et al. 2019, arXiv:1810.04805",
      .differs =
          "Character classes are those of Unicode 14 (utf8proc): characters that came to Unicode after version 8 "
          "may be split otherwise than by older programs. The texts [UNK], [CLS], [SEP], [PAD] and [MASK] in a "
          "cell are the special tokens, as in the `tokenizers` library."};
  static constexpr braid::ExampleFile files[] = {
      {"vocab", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ntoy\nstory\nhe\n##at\n(\n)\n1995\n##s\n"}};
  static constexpr std::string_view examples[] = {"Toy Story (1995)", "Heat", "heats toys", "", "Zürich"};

  braid::Param<braid::Path> vocab{*this, "vocab", braid::Required{}, "Vocabulary: one token a line, gzip'd or not."};
  braid::Param<std::int64_t> max_tokens{*this,
                                        "max_tokens",
                                        64,
                                        "Tokens a row, [CLS] and [SEP] among them; the text is cut after that.",
                                        {.low = 3, .high = 65536, .unit = "tokens"}};
  braid::Param<std::string> join{*this, "join", " ",
                                 "Stands between the texts of several columns; missing ones are left out."};
  braid::Param<bool> lowercase{*this, "lowercase", true, "Lower case without accents (uncased vocabularies)."};
  braid::Param<double> mask{*this,
                            "mask",
                            0,
                            "Share of the tokens that read [MASK] while training, drawn anew at each step.",
                            {.low = 0, .high = 1}};
  braid::Out tokens{*this, "tokens", "id(n)?[rows, max_tokens*]",
                    "token ids; a row is absent when all of its columns are missing"};

  void open() override { take(read_whole(vocab().text)); }
  std::map<std::string, std::int64_t, std::less<>> sizes() const override {
    return {{"n", static_cast<std::int64_t>(count_)}};
  }
  std::vector<std::string> id_texts() const override {
    const auto all = lines();
    return {all.begin(), all.end()};
  }
  std::map<std::string, std::int64_t, std::less<>> specials() const override {
    return {{"pad", pad_}, {"unk", unk_}, {"cls", cls_}, {"sep", sep_}, {"mask", mask_}};
  }

  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    thread_local std::string joined;
    thread_local std::vector<std::int32_t> ids;
    std::string_view text;
    int parts = 0;
    for (const auto one : cell.texts) {
      if (!one.data()) continue;
      if (parts++ == 0) {
        text = one;
        continue;
      }
      if (parts == 2) joined = text;
      joined.append(join()).append(one);
    }
    if (parts == 0) return false;
    if (parts > 1) text = joined;
    ids.clear();
    ids.push_back(cls_);
    encode(text, ids);
    ids.resize(std::min(ids.size(), static_cast<std::size_t>(max_tokens() - 1)));
    ids.push_back(sep_);
    const auto* bytes = reinterpret_cast<const std::byte*>(ids.data());
    out.assign(bytes, bytes + ids.size() * sizeof(std::int32_t));
    return true;
  }

  std::size_t places(std::span<const std::byte> decoded) const override {
    return decoded.size() / sizeof(std::int32_t);
  }

  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw& draw) const override {
    const auto values = slot.values<std::int64_t>();
    const auto count = std::min(decoded.size() / sizeof(std::int32_t), values.size());
    for (std::size_t k = 0; k < count; ++k) {
      std::int32_t id;
      std::memcpy(&id, decoded.data() + k * sizeof id, sizeof id);
      values[k] = id;
    }
    if (!draw.training || mask() <= 0) return;
    for (std::size_t k = 0; k < count; ++k) {
      const auto id = values[k];
      if (id != cls_ && id != sep_ && id != pad_ && draw.uniform(k) < mask()) values[k] = mask_;
    }
  }

  std::string save() const override { return text_; }
  void load(std::string_view saved) override { take(std::string(saved)); }

 private:
  // Appends the ids of a text; stops when no more fit in a row.
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const {
    const auto enough = static_cast<std::size_t>(max_tokens());
    Words words(*pieces_, unk_, ids);
    Splitter split(words, lowercase());
    for (std::size_t at = 0; at < text.size() && ids.size() < enough;) {
      const char c = text[at];
      if (static_cast<signed char>(c) >= 0) {
        if (c == '[') {
          if (const auto special = special_at(text.substr(at)); special.first) {
            split.flush();
            words.id(special.second);
            at += special.first;
            continue;
          }
        }
        split.ascii(c);
        ++at;
        continue;
      }
      std::int32_t character;
      const auto bytes = utf8proc_iterate(reinterpret_cast<const unsigned char*>(text.data() + at),
                                          static_cast<utf8proc_ssize_t>(text.size() - at), &character);
      if (bytes > 0) split.other(character);  // bytes that are no UTF-8 are left out
      at += bytes > 0 ? static_cast<std::size_t>(bytes) : 1;
    }
    split.flush();
    words.end();
  }

  // Bytes and id of the special token that `text` starts with; 0 bytes: none.
  std::pair<std::size_t, std::int32_t> special_at(std::string_view text) const {
    const std::pair<std::string_view, std::int32_t> all[] = {
        {"[SEP]", sep_}, {"[UNK]", unk_}, {"[CLS]", cls_}, {"[PAD]", pad_}, {"[MASK]", mask_}};
    for (const auto& [name, id] : all)
      if (text.starts_with(name)) return {name.size(), id};
    return {0, 0};
  }

  // One a line of the vocabulary; they point into it.
  std::vector<std::string_view> lines() const {
    std::vector<std::string_view> out;
    for (std::string_view rest = text_; !rest.empty();) {
      const auto end = rest.find('\n');
      auto line = rest.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      out.push_back(line);
      rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    }
    return out;
  }

  void take(std::string text) {
    text_ = std::move(text);
    const auto all = lines();
    count_ = all.size();
    const auto special = [&](std::string_view name) {
      const auto found = std::find(all.begin(), all.end(), name);
      if (found == all.end())
        throw braid::Error(
            "'" + vocab().text + "' has no token " + std::string(name) + " among its " + std::to_string(all.size()) +
            " lines; a BERT vocabulary has one token a line, and [PAD], [UNK], [CLS], [SEP], [MASK] among them");
      return static_cast<std::int32_t>(found - all.begin());
    };
    pad_ = special("[PAD]"), unk_ = special("[UNK]"), cls_ = special("[CLS]"), sep_ = special("[SEP]"),
    mask_ = special("[MASK]");
    pieces_ = std::make_unique<Pieces>(all);
  }

  std::string text_;  // the vocabulary as read; `pieces_` points into it
  std::unique_ptr<Pieces> pieces_;
  std::size_t count_ = 0;
  std::int32_t pad_ = 0, unk_ = 0, cls_ = 0, sep_ = 0, mask_ = 0;
};

}  // namespace

BRAID_PLUGIN(WordPiece, "wordpiece", "0.1.0")
