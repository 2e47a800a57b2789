// Records of a text table: cells parted by a separator, quoted or not. The one definition for the reader `delimited`,
// for the check of a file's first line and for guesses.
#pragma once

#include "kernels/text/lines.h"

#include <unordered_set>

namespace braid::text {

// How a table is written.
struct Form {
  std::string separator;
  char quote = '\0';  // 0: quotes are text
  Encoding encoding = Encoding::utf_8;
};

// Whether a file's name says that it is CSV, packed or not, in letters of either case.
inline bool is_csv(std::string_view path) {
  const auto ends = [&](std::string_view suffix) {
    if (path.size() < suffix.size()) return false;
    const auto end = path.substr(path.size() - suffix.size());
    return std::equal(end.begin(), end.end(), suffix.begin(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
  };
  if (ends(".gz")) path.remove_suffix(3);
  return ends(".csv");
}

// The form that parameters of a reader say; empty ones mean what the file's name says. Throws Error.
template <class Error>
Form form_of(const std::string& path, const std::string& separator, const std::string& quote,
             const std::string& encoding) {
  const bool csv = is_csv(path);
  Form out{separator.empty() ? (csv ? "," : "\t") : separator, '\0'};
  if (quote.empty()) out.quote = csv ? '"' : '\0';
  else if (quote.size() == 1) out.quote = quote[0];
  else if (quote != "none") throw Error("quote = \"" + quote + "\": a quote is one character, or \"none\"");
  if (out.separator.find_first_of("\r\n") != std::string::npos ||
      (out.quote && out.separator.find(out.quote) != std::string::npos))
    throw Error("separator = \"" + out.separator + "\": a separator holds neither a line break nor the quote");
  const auto known = encoding_named(encoding.empty() ? "utf-8" : encoding);
  if (!known) throw Error("no encoding is called '" + encoding + "'");
  out.encoding = *known;
  return out;
}

struct Record {
  std::vector<std::string> cells;
  std::int64_t line = 0;  // of its first character, from 1
  std::string error;      // not empty: the record is bad, and why
};

// The records of a file. A record whose quotes are wrong is bad, and reading goes on behind its first line. One thread;
// throws Error where the file cannot be read on.
template <class Error>
class Records {
 public:
  Records(const std::string& path, Form form) : path_(path), form_(std::move(form)), lines_(path, form_.encoding) {}

  Lines<Error>& lines() { return lines_; }

  // The first record, which names the columns. Throws Error: there is none, its quotes are wrong, it is no UTF-8 text.
  Record header() {
    Record first;
    if (!read(first))
      throw Error("'" + path_ + "' is empty; its first line names the columns (or `columns = [...]` does)");
    const auto place = "'" + path_ + "', line " + std::to_string(first.line) + ": ";
    if (!first.error.empty()) throw Error(place + first.error);
    for (std::size_t c = 0; c < first.cells.size(); ++c) {
      const auto& name = first.cells[c];
      if (name.find('\0') != name.npos)
        throw Error(place + "the name of column " + std::to_string(c + 1) + " has a zero byte; this is no text table");
      if (const auto at = not_utf8(name); at != name.npos)
        throw Error(place + "byte " + std::to_string(at) + " of the name of column " + std::to_string(c + 1) +
                    " is not UTF-8; if the file is Latin-1, set encoding = \"latin-1\" in the table");
    }
    return first;
  }
  // The names in it. Throws Error for one that is there twice, too.
  std::vector<std::string> names() {
    auto first = header();
    demand_different(first.cells);
    return std::move(first.cells);
  }
  void demand_different(const std::vector<std::string>& names) const {
    std::unordered_set<std::string_view> known;
    for (const auto& name : names)
      if (!known.insert(name).second) throw Error("'" + path_ + "' has two columns '" + name + "'");
  }

  // One record, into an empty one; false at the end of the file. `columns`: how many cells records have, if that is
  // known. `rest`: the last one takes all that is left of the line.
  template <class Any>
  bool read(Any& record, std::size_t columns = 0, bool rest = false) {
    std::string_view text;
    if (!lines_.peek(text)) return false;
    record.line = lines_.line();
    if (form_.quote && std::memchr(text.data(), form_.quote, text.size())) {
      read_quoted(record, columns);
    } else {
      split(text, record.cells, rest ? columns : 0);
      lines_.take();
    }
    return true;
  }

 private:
  // Cell number `most` takes what is left; 0: none does.
  void split(std::string_view text, std::vector<std::string>& cells, std::size_t most) const {
    const auto* at = text.data();
    const auto* const end = at + text.size();
    const auto width = form_.separator.size();
    while (cells.size() + 1 != most) {
      const auto left = static_cast<std::size_t>(end - at);
      const auto* found = static_cast<const char*>(width == 1 ? std::memchr(at, form_.separator[0], left)
                                                              : memmem(at, left, form_.separator.data(), width));
      if (!found) break;
      cells.emplace_back(at, found);
      at = found + width;
    }
    cells.emplace_back(at, end);
  }

  // A record that holds a quote, character by character; it may go on over several lines.
  template <class Any>
  void read_quoted(Any& record, std::size_t columns) {
    std::size_t at = 0;
    std::int64_t lines = 0;
    const auto here = [&](std::size_t ahead) {  // is there a character `ahead` of this place?
      while (at + ahead >= lines_.size())
        if (!lines_.more()) return false;
      return true;
    };
    const auto character = [&](std::size_t ahead) { return lines_.begin()[at + ahead]; };
    const auto separator_here = [&] {
      return here(form_.separator.size() - 1) &&
             std::memcmp(lines_.begin() + at, form_.separator.data(), form_.separator.size()) == 0;
    };
    const auto break_here = [&] {
      return character(0) == '\n' || (character(0) == '\r' && here(1) && character(1) == '\n');
    };

    for (bool ended = false; !ended;) {
      std::string cell;
      if (here(0) && character(0) == form_.quote) {
        ++at;
        for (;; ++at) {
          if (!here(0) || lines > most_lines || at > most_bytes)
            return give_up(record, "a quote is opened in cell " + std::to_string(record.cells.size() + 1) +
                                       (here(0) ? " and not closed within " + std::to_string(most_lines) +
                                                      " lines or " + std::to_string(most_bytes >> 20) + " MiB"
                                                : std::string(" and not closed before the file ends")));
          const char c = character(0);
          if (c == form_.quote) {
            if (!here(1) || character(1) != form_.quote) break;
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
        at += form_.separator.size();
      } else {
        at += character(0) == '\r' ? 2 : 1;
        ++lines;
        ended = true;
      }
      record.cells.push_back(std::move(cell));
    }
    if (lines > 2 && record.error.empty() && holds_records(at, columns))
      return give_up(record, "a quote is opened here and closed only " + std::to_string(lines - 1) +
                                 " lines later, and the lines between are records themselves");
    lines_.drop(at, lines);
  }

  // A bad record, of which only the first line is passed over: the next ones are read for themselves.
  template <class Any>
  void give_up(Any& record, const std::string& why) {
    record.error = why + " (a quote inside a cell is written twice, or set quote = \"none\")";
    const auto* found = static_cast<const char*>(std::memchr(lines_.begin(), '\n', lines_.size()));
    lines_.drop(found ? static_cast<std::size_t>(found - lines_.begin()) + 1 : lines_.size(), 1);
  }

  // Whether each whole line inside the record's first `bytes` would be a record of its own, of so many columns.
  bool holds_records(std::size_t bytes, std::size_t columns) {
    if (columns < 2) return false;
    std::string_view text(lines_.begin(), bytes);
    while (text.ends_with('\n')) text.remove_suffix(1);
    auto from = text.find('\n') + 1;
    std::vector<std::string> cells;
    for (auto end = text.find('\n', from); end != text.npos; from = end + 1, end = text.find('\n', from)) {
      cells.clear();
      split(text.substr(from, end - from), cells, 0);
      if (cells.size() != columns) return false;
    }
    return true;
  }

  // What one record may take.
  static constexpr std::int64_t most_lines = 10'000;
  static constexpr std::size_t most_bytes = std::size_t{16} << 20;

  std::string path_;
  Form form_;
  Lines<Error> lines_;
};

}  // namespace braid::text
