// Text tables: one record a line, cells parted by a separator; gzip'd or not.
#include <braid/plugin.h>

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_set>

namespace {

constexpr std::size_t block = 1 << 20;              // bytes read at a time
constexpr std::size_t longest_record = 256u << 20;  // bytes; more is taken for a quote that never ends
constexpr std::int64_t records_per_mark = 1 << 16;  // how far apart the places are that `seek` can jump to

// A plain or gzip'd file as a stream of bytes, of which a window stands in memory.
class Stream {
 public:
  explicit Stream(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) throw braid::Error("cannot open '" + path + "': " + std::strerror(errno));
    gzbuffer(file_, block);
    window_.resize(block);
  }
  ~Stream() { gzclose_r(file_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  const char* begin() const { return window_.data() + from_; }
  const char* end() const { return window_.data() + to_; }
  std::size_t size() const { return to_ - from_; }
  std::int64_t offset() const { return start_ + static_cast<std::int64_t>(from_); }
  void drop(std::size_t bytes) { from_ += bytes; }

  // Adds bytes to the window; what begin() points to moves. False: the file has no more. `line` is for messages.
  bool more(std::int64_t line) {
    if (over_) return false;
    if (from_ > 0) {
      std::memmove(window_.data(), window_.data() + from_, size());
      start_ += static_cast<std::int64_t>(from_);
      to_ -= from_, from_ = 0;
    }
    if (to_ == window_.size()) {
      if (window_.size() >= longest_record)
        throw braid::Error("'" + path_ + "', line " + std::to_string(line) + ": a record of more than " +
                           std::to_string(longest_record >> 20) + " MiB; is a quote opened there and not closed?");
      window_.resize(window_.size() * 2);
    }
    errno = 0;
    const auto got = gzread(file_, window_.data() + to_, static_cast<unsigned>(window_.size() - to_));
    if (got <= 0) {
      int code = Z_OK;
      const std::string why = gzerror(file_, &code);
      if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) broken(line, code == Z_ERRNO ? std::strerror(errno) : why);
      over_ = true;
      return false;
    }
    to_ += static_cast<std::size_t>(got);
    return true;
  }

  void seek(std::int64_t offset) {
    if (gzseek(file_, offset, SEEK_SET) < 0) throw braid::Error("cannot go back in '" + path_ + "'");
    start_ = offset, from_ = to_ = 0, over_ = false;
  }

 private:
  [[noreturn]] void broken(std::int64_t line, const std::string& why) {
    throw braid::Error("'" + path_ + "' breaks off after line " + std::to_string(line) + ", near byte " +
                       std::to_string(gzoffset(file_)) + " of the file: " +
                       (why.find("unexpected end of file") != why.npos ? "the gzip stream is not complete" : why));
  }

  std::string path_;
  gzFile file_;
  std::vector<char> window_;
  std::size_t from_ = 0, to_ = 0;
  std::int64_t start_ = 0;  // of the window, in the uncompressed stream
  bool over_ = false;
};

std::string lower_without_gz(const std::string& path) {
  std::string out = path;
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (out.ends_with(".gz")) out.resize(out.size() - 3);
  return out;
}

struct Delimited final : braid::Reader {
  static constexpr braid::About about{
      .summary =
          "Text tables, UTF-8, gzip'd or not: one record a line, cells parted by a separator. CSV has quotes "
          "(doubled inside, line breaks allowed), TSV has none. Empty lines are passed over."};
  static constexpr std::string_view suffixes[] = {".tsv",    ".csv",      ".txt",     ".dat",    ".inter",
                                                  ".item",   ".user",     ".tsv.gz",  ".csv.gz", ".txt.gz",
                                                  ".dat.gz", ".inter.gz", ".item.gz", ".user.gz"};
  static constexpr std::string_view header = "text";
  static constexpr std::string_view examples[] = {"item\ttitle\n1\tToy Story\n2\t\n3\tHeat\n4\t\"Casino\n5\té\n"};

  braid::Param<std::string> separator{
      *this, "separator", "",
      "Stands between cells, of any length (\"::\"); empty: a comma in .csv files, else a tab."};
  braid::Param<std::string> quote{*this, "quote", "",
                                  "The quote character, or \"none\"; empty: '\"' in .csv files, else none."};
  braid::Param<std::vector<std::string>> columns_given{
      *this, "columns", std::vector<std::string>{},
      "Names of the columns, for files whose first line does not give them."};
  braid::Param<bool> header_too{*this, "header", false,
                                "With `columns`: the file has a first line of names all the same; it is passed over."};

  void open(const std::string& path) override {
    const bool csv = lower_without_gz(path).ends_with(".csv");
    separator_ = separator().empty() ? (csv ? "," : "\t") : separator();
    if (quote() == "none") quote_ = 0;
    else if (quote().empty()) quote_ = csv ? '"' : 0;
    else if (quote().size() == 1) quote_ = quote()[0];
    else throw braid::Error("quote = \"" + quote() + "\": a quote is one character, or \"none\"");
    if (separator_.find_first_of("\r\n") != separator_.npos || (quote_ && separator_.find(quote_) != separator_.npos))
      throw braid::Error("separator = \"" + separator_ + "\": a separator holds neither a line break nor the quote");
    path_ = path;
    stream_ = std::make_unique<Stream>(path);
    line_ = 1, record_ = 0;
    marks_.clear();
    skip_byte_order_mark();
    names_ = columns_given();
    if (names_.empty() || header_too()) {
      braid::Record first;
      if (!read(first, true)) {
        if (names_.empty())
          throw braid::Error("'" + path + "' is empty; its first line names the columns (or `columns = [...]` does)");
      } else if (!first.error.empty()) {
        throw braid::Error("'" + path + "', line " + std::to_string(first.line) + ": " + first.error);
      } else if (names_.empty()) {
        names_ = std::move(first.cells);
      }
    }
    std::unordered_set<std::string_view> known;
    for (const auto& name : names_)
      if (!known.insert(name).second) throw braid::Error("'" + path + "' has two columns '" + name + "'");
    marks_.push_back({stream_->offset(), line_});
  }

  const std::vector<std::string>& columns() const override { return names_; }

  bool next(std::vector<braid::Record>& out, std::size_t limit) override {
    opened();
    for (std::size_t k = 0; k < limit; ++k) {
      mark();
      auto& record = out.emplace_back();
      record.cells.reserve(names_.size());
      if (!read(record, false)) {
        out.pop_back();
        return false;
      }
      ++record_;
    }
    return true;
  }

  void seek(std::int64_t record) override {
    opened();
    if (record < 0) throw braid::Error("record " + std::to_string(record) + " of '" + path_ + "'");
    const auto nearest = std::min(record / records_per_mark, static_cast<std::int64_t>(marks_.size()) - 1);
    if (record < record_ || nearest * records_per_mark > record_) {
      const auto& to = marks_[static_cast<std::size_t>(nearest)];
      stream_->seek(to.offset);
      line_ = to.line, record_ = nearest * records_per_mark;
    }
    for (braid::Record passed; record_ < record; ++record_) {
      mark();
      passed.cells.clear();
      if (!read(passed, false)) return;  // beyond the end: nothing follows
    }
  }

 private:
  struct Mark {
    std::int64_t offset, line;
  };

  void opened() const {
    if (!stream_) throw std::logic_error("a reader is opened before it is read");
  }
  void mark() {
    if (record_ == static_cast<std::int64_t>(marks_.size()) * records_per_mark)
      marks_.push_back({stream_->offset(), line_});
  }

  void skip_byte_order_mark() {
    while (stream_->size() < 3 && stream_->more(line_)) {
    }
    const auto* p = reinterpret_cast<const unsigned char*>(stream_->begin());
    const auto size = stream_->size();
    if (size >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF)))
      throw braid::Error("'" + path_ + "' is UTF-16; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)");
    if (size >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) stream_->drop(3);
  }

  // The next line without its break, of which `bytes` are to be dropped afterwards. False: the file has ended.
  bool line(std::string_view& text, std::size_t& bytes) {
    for (std::size_t searched = 0;;) {
      const auto* found =
          static_cast<const char*>(std::memchr(stream_->begin() + searched, '\n', stream_->size() - searched));
      if (found) {
        text = {stream_->begin(), static_cast<std::size_t>(found - stream_->begin())};
        bytes = text.size() + 1;
        break;
      }
      searched = stream_->size();
      if (stream_->more(line_)) continue;
      if (searched == 0) return false;
      text = {stream_->begin(), searched};
      bytes = searched;
      break;
    }
    if (text.ends_with('\r')) text.remove_suffix(1);
    return true;
  }

  // One record; false at the end of the file. `naming`: it is the line of names, whose cells are not counted.
  bool read(braid::Record& record, bool naming) {
    std::string_view text;
    std::size_t bytes = 0;
    do {
      if (!line(text, bytes)) return false;
      if (text.empty()) stream_->drop(bytes), ++line_;
    } while (text.empty());
    record.line = line_;
    if (quote_ && std::memchr(text.data(), quote_, text.size())) {
      read_quoted(record);
    } else {
      split(text, record.cells);
      stream_->drop(bytes);
      ++line_;
    }
    if (!naming && record.error.empty() && record.cells.size() != names_.size())
      record.error = std::to_string(record.cells.size()) + (record.cells.size() == 1 ? " cell, " : " cells, ") +
                     (columns_given().empty() ? "the header has " : "`columns` names ") + std::to_string(names_.size());
    return true;
  }

  void split(std::string_view text, std::vector<std::string>& cells) const {
    const auto* at = text.data();
    const auto* const end = at + text.size();
    const auto width = separator_.size();
    for (;;) {
      const auto left = static_cast<std::size_t>(end - at);
      const auto* found = static_cast<const char*>(width == 1 ? std::memchr(at, separator_[0], left)
                                                              : memmem(at, left, separator_.data(), width));
      if (!found) break;
      cells.emplace_back(at, found);
      at = found + width;
    }
    cells.emplace_back(at, end);
  }

  // A record that holds a quote, character by character; it may go on over several lines.
  void read_quoted(braid::Record& record) {
    std::size_t at = 0;
    std::int64_t lines = 0;
    const auto here = [&](std::size_t ahead) {  // is there a character `ahead` of this place?
      while (at + ahead >= stream_->size())
        if (!stream_->more(record.line)) return false;
      return true;
    };
    const auto character = [&](std::size_t ahead) { return stream_->begin()[at + ahead]; };
    const auto separator_here = [&] {
      return here(separator_.size() - 1) &&
             std::memcmp(stream_->begin() + at, separator_.data(), separator_.size()) == 0;
    };
    const auto break_here = [&] {
      return character(0) == '\n' || (character(0) == '\r' && here(1) && character(1) == '\n');
    };

    for (bool ended = false; !ended;) {
      std::string cell;
      if (here(0) && character(0) == quote_) {
        ++at;
        for (;; ++at) {
          if (!here(0))
            throw braid::Error("'" + path_ + "', line " + std::to_string(record.line) + ": a quote is opened in cell " +
                               std::to_string(record.cells.size() + 1) +
                               " of this record and not closed before the file ends");
          const char c = character(0);
          if (c == quote_) {
            if (!here(1) || character(1) != quote_) break;
            ++at;
          }
          if (c == '\n') ++lines;
          cell += c;
        }
        ++at;
        if (here(0) && !separator_here() && !break_here() && !(character(0) == '\r' && !here(1))) {
          record.error = "text after the closing quote of cell " + std::to_string(record.cells.size() + 1) +
                         " (a quote inside a cell is written twice)";
        }
      }
      while (here(0) && !separator_here() && !break_here()) cell += character(0), ++at;
      if (!here(0)) {
        ended = true;
        if (cell.ends_with('\r')) cell.pop_back();
      } else if (separator_here()) {
        at += separator_.size();
      } else {
        at += character(0) == '\r' ? 2 : 1;
        ++lines;
        ended = true;
      }
      record.cells.push_back(std::move(cell));
    }
    stream_->drop(at);
    line_ += lines;
  }

  std::string path_, separator_;
  char quote_ = 0;
  std::unique_ptr<Stream> stream_;
  std::vector<std::string> names_;
  std::int64_t line_ = 1, record_ = 0;  // of the record that comes next
  std::vector<Mark> marks_;             // of records 0, records_per_mark, 2 records_per_mark...
};

}  // namespace

BRAID_PLUGIN(Delimited, "delimited", "0.1.0")
