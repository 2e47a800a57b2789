// Text tables: one record a line, cells parted by a separator; gzip'd or not.
#include "plugins/parts/encoding.h"
#include "plugins/parts/text_lines.h"

#include <braid/plugin.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_set>

namespace {

constexpr std::int64_t records_per_mark = 1 << 16;  // how far apart the places are that `seek` can jump to

std::string lower_without_gz(const std::string& path) {
  std::string out = path;
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (out.ends_with(".gz")) out.resize(out.size() - 3);
  return out;
}

struct Delimited final : braid::Reader {
  static constexpr braid::About about{
      .summary =
          "Text tables, gzip'd or not: one record a line, cells parted by a separator. CSV has quotes (doubled inside, "
          "line breaks allowed; a quote inside a cell that begins without one is text), TSV has none. A quote that "
          "swallows whole records or never closes is a bad row, and reading goes on behind its line. Empty lines are "
          "passed over."};
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
  braid::Param<bool> rest{*this, "rest", false,
                          "The last column takes all that is left of a line, separators too, for a list that is parted "
                          "later. Without quotes."};

  parts::Encoding encoding{*this};

  void open(const std::string& path) override {
    const bool csv = lower_without_gz(path).ends_with(".csv");
    separator_ = separator().empty() ? (csv ? "," : "\t") : separator();
    if (quote() == "none") quote_ = 0;
    else if (quote().empty()) quote_ = csv ? '"' : 0;
    else if (quote().size() == 1) quote_ = quote()[0];
    else throw braid::Error("quote = \"" + quote() + "\": a quote is one character, or \"none\"");
    if (separator_.find_first_of("\r\n") != separator_.npos || (quote_ && separator_.find(quote_) != separator_.npos))
      throw braid::Error("separator = \"" + separator_ + "\": a separator holds neither a line break nor the quote");
    if (rest() && quote_)
      throw braid::Error(
          std::string("rest = true takes what is left of a line as it stands, and here a cell may stand in ") + quote_ +
          "; fix: quote = \"none\"");
    path_ = path;
    lines_ = std::make_unique<parts::TextLines>(path);
    record_ = 0;
    marks_.clear();
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
    marks_.push_back(lines_->mark());
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
      lines_->back(marks_[static_cast<std::size_t>(nearest)]);
      record_ = nearest * records_per_mark;
    }
    for (braid::Record passed; record_ < record; ++record_) {
      mark();
      passed.cells.clear(), passed.error.clear();
      if (!read(passed, false)) return;  // beyond the end: nothing follows
    }
  }

 private:
  void opened() const {
    if (!lines_) throw std::logic_error("a reader is opened before it is read");
  }
  void mark() {
    if (record_ == static_cast<std::int64_t>(marks_.size()) * records_per_mark) marks_.push_back(lines_->mark());
  }

  // One record; false at the end of the file. `naming`: it is the line of names, whose cells are not counted.
  bool read(braid::Record& record, bool naming) {
    std::string_view text;
    if (!lines_->peek(text)) return false;
    record.line = lines_->line();
    if (quote_ && std::memchr(text.data(), quote_, text.size())) {
      read_quoted(record);
    } else {
      split(text, record.cells, rest() && !naming ? names_.size() : 0);
      lines_->take();
    }
    encoding.to_utf8(record.cells);
    if (!naming && record.error.empty() && record.cells.size() != names_.size())
      record.error = std::to_string(record.cells.size()) + (record.cells.size() == 1 ? " cell, " : " cells, ") +
                     (columns_given().empty() ? "the header has " : "`columns` names ") + std::to_string(names_.size());
    return true;
  }

  // Cell number `most` takes what is left; 0: none does.
  void split(std::string_view text, std::vector<std::string>& cells, std::size_t most) const {
    const auto* at = text.data();
    const auto* const end = at + text.size();
    const auto width = separator_.size();
    while (cells.size() + 1 != most) {
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
      while (at + ahead >= lines_->size())
        if (!lines_->more()) return false;
      return true;
    };
    const auto character = [&](std::size_t ahead) { return lines_->begin()[at + ahead]; };
    const auto separator_here = [&] {
      return here(separator_.size() - 1) &&
             std::memcmp(lines_->begin() + at, separator_.data(), separator_.size()) == 0;
    };
    const auto break_here = [&] {
      return character(0) == '\n' || (character(0) == '\r' && here(1) && character(1) == '\n');
    };

    for (bool ended = false; !ended;) {
      std::string cell;
      if (here(0) && character(0) == quote_) {
        ++at;
        for (;; ++at) {
          if (!here(0) || lines > most_lines || at > most_bytes)
            return give_up(record, "a quote is opened in cell " + std::to_string(record.cells.size() + 1) +
                                       (here(0) ? " and not closed within " + std::to_string(most_lines) +
                                                      " lines or " + std::to_string(most_bytes >> 20) + " MiB"
                                                : std::string(" and not closed before the file ends")));
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
    if (lines > 2 && record.error.empty() && holds_records(at))
      return give_up(record, "a quote is opened here and closed only " + std::to_string(lines - 1) +
                                 " lines later, and the lines between are records themselves");
    lines_->drop(at, lines);
  }

  // A bad record, of which only the first line is passed over: the next ones are read for themselves.
  void give_up(braid::Record& record, const std::string& why) {
    record.error = why + " (a quote inside a cell is written twice, or say quote = \"none\")";
    const auto* found = static_cast<const char*>(std::memchr(lines_->begin(), '\n', lines_->size()));
    lines_->drop(found ? static_cast<std::size_t>(found - lines_->begin()) + 1 : lines_->size(), 1);
  }

  // Whether each whole line inside the record's first `bytes` would be a record of its own.
  bool holds_records(std::size_t bytes) const {
    if (names_.size() < 2) return false;
    std::string_view text(lines_->begin(), bytes);
    while (text.ends_with('\n')) text.remove_suffix(1);
    auto from = text.find('\n') + 1;
    std::vector<std::string> cells;
    for (auto end = text.find('\n', from); end != text.npos; from = end + 1, end = text.find('\n', from)) {
      cells.clear();
      split(text.substr(from, end - from), cells, 0);
      if (cells.size() != names_.size()) return false;
    }
    return true;
  }

  // What one record may take.
  static constexpr std::int64_t most_lines = 10'000;
  static constexpr std::size_t most_bytes = std::size_t{16} << 20;

  std::string path_, separator_;
  char quote_ = 0;
  std::unique_ptr<parts::TextLines> lines_;
  std::vector<std::string> names_;
  std::int64_t record_ = 0;                    // the one that comes next
  std::vector<parts::TextLines::Mark> marks_;  // of records 0, records_per_mark, 2 records_per_mark...
};

}  // namespace

BRAID_PLUGIN(Delimited, "delimited", "0.1.0")
