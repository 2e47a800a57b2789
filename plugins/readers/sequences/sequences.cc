// Sequences, one a line: a key and its values in order, read as one row per value.
#include "plugins/parts/encoding.h"
#include "kernels/text/lines.h"

#include <braid/plugin.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace {

using Lines = braid::text::Lines<braid::Error>;

constexpr std::int64_t records_per_mark = 1 << 16;  // about how far apart the places are that `seek` can jump to

struct Sequences final : braid::Reader {
  static constexpr braid::About about{
      .summary =
          "Sequences, gzip'd or not: each line is a key and its values in order, and is read as one row per "
          "value. Empty lines and empty values (a blank too many) are passed over."};
  static constexpr std::string_view suffixes[] = {".sequences", ".sequences.gz"};
  static constexpr std::string_view examples[] = {"1 31 7 7\n2 8\n\nanna 5  é 31 \r\n4 1 2 3 4 5 6 7 8 9"};

  braid::Param<std::vector<std::string>> columns_given{
      *this, "columns", std::vector<std::string>{"user", "item", "place"},
      "Names of the three columns: the line's key, a value of the line, its place there, from 1."};
  braid::Param<std::string> separator{*this, "separator", " ", "Stands between key and values, of any length."};
  parts::Encoding encoding{*this};

  void open(const std::string& path) override {
    const auto& names = columns_given();
    if (names.size() != 3 || names[0] == names[1] || names[0] == names[2] || names[1] == names[2])
      throw braid::Error("columns = [...] names " + std::to_string(names.size()) +
                         (names.size() == 3 ? " columns, of which two alike" : " columns") +
                         "; name key, value and place, as [\"user\", \"item\", \"place\"]");
    if (separator().empty() || separator().find_first_of("\r\n") != std::string::npos)
      throw braid::Error("separator = \"" + separator() + "\": a separator is one character or more, no line break");
    path_ = path;
    lines_ = std::make_unique<Lines>(path, encoding());
    marks_ = {{0, lines_->mark()}};
    record_ = 0, in_line_ = false;
  }

  const std::vector<std::string>& columns() const override { return columns_given(); }

  bool next(std::vector<braid::Record>& out, std::size_t limit) override {
    opened();
    for (Row row; limit > 0; --limit) {
      if (!read(row)) return false;
      auto& record = out.emplace_back();
      record.line = lines_->line();
      record.cells = {std::string(row.key), std::string(row.value), std::to_string(row.place)};
      if (row.value.empty())
        record.error = "no value behind the key '" + std::string(row.key) + "'; values stand behind '" + separator() +
                       "' (`separator`)";
    }
    return true;
  }

  void seek(std::int64_t record) override {
    opened();
    if (record < 0) throw braid::Error("record " + std::to_string(record) + " of '" + path_ + "'");
    const auto& to = *std::prev(std::upper_bound(marks_.begin(), marks_.end(), record,
                                                 [](std::int64_t r, const Mark& m) { return r < m.record; }));
    if (record < record_ || to.record > record_) {
      lines_->back(to.place);
      record_ = to.record, in_line_ = false;
    }
    for (Row passed; record_ < record && read(passed);) {
    }
  }

 private:
  // A line's beginning, and the number of its first record.
  struct Mark {
    std::int64_t record;
    Lines::Mark place;
  };
  // Views into the line, good until the next one is read. `value` is empty where a key stands alone.
  struct Row {
    std::string_view key, value;
    std::int64_t place = 0;
  };

  void opened() const {
    if (!lines_) throw std::logic_error("a reader is opened before it is read");
  }

  bool read(Row& row) {
    for (;;) {
      if (!in_line_) {
        const auto start = lines_->mark();
        if (!lines_->peek(left_)) return false;
        if (record_ >= marks_.back().record + records_per_mark) marks_.push_back({record_, start});
        row_ = {piece(), {}, 0};
        in_line_ = true;
      }
      row_.value = piece();
      if (!row_.value.empty() || (row_.place == 0 && !row_.key.empty())) break;
      lines_->take();
      in_line_ = false;
    }
    ++row_.place, ++record_;
    row = row_;
    return true;
  }

  // The next piece of the line that is not empty; empty behind the last one.
  std::string_view piece() {
    while (!left_.empty()) {
      const auto end = left_.find(separator());
      const auto found = left_.substr(0, end);
      left_.remove_prefix(end == left_.npos ? left_.size() : end + separator().size());
      if (!found.empty()) return found;
    }
    return {};
  }

  std::string path_;
  std::unique_ptr<Lines> lines_;
  std::vector<Mark> marks_;
  std::int64_t record_ = 0;  // the one that comes next
  bool in_line_ = false;     // lines_ shows a line, of which row_ is the last row read and left_ what follows
  Row row_;
  std::string_view left_;
};

}  // namespace

BRAID_PLUGIN(Sequences, "sequences", "0.1.0")
