// BERT's WordPiece: text to ids of a fixed vocabulary, as the uncased (or cased) BERT models were trained on.
#include "kernels/text/byte_stream.h"
#include "word_splitter.h"

#include <braid/plugin.h>

#include <utf8proc.h>

#include <algorithm>
#include <cstring>

namespace {

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
