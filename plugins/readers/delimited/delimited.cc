// Text tables: one record a line, cells parted by a separator; gzip'd or not.
#include "plugins/parts/encoding.h"
#include "kernels/text/records.h"

#include <braid/plugin.h>

#include <algorithm>
#include <memory>

namespace {

constexpr std::int64_t records_per_mark = 1 << 16;  // how far apart the places are that `seek` can jump to

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
    auto form = braid::text::form_of<braid::Error>(path, separator(), quote(), encoding.name());
    if (rest() && form.quote)
      throw braid::Error(
          std::string("rest = true takes what is left of a line as it stands, and here a cell may stand in ") +
          form.quote + "; fix: quote = \"none\"");
    path_ = path;
    records_ = std::make_unique<Records>(path, std::move(form));
    record_ = 0;
    marks_.clear();
    names_ = columns_given();
    records_->demand_different(names_);
    if (names_.empty()) {
      names_ = records_->names();
    } else if (header_too()) {
      braid::Record passed;
      records_->read(passed);
      if (!passed.error.empty())
        throw braid::Error("'" + path + "', line " + std::to_string(passed.line) + ": " + passed.error);
    }
    marks_.push_back(records_->lines().mark());
  }

  const std::vector<std::string>& columns() const override { return names_; }

  bool next(std::vector<braid::Record>& out, std::size_t limit) override {
    opened();
    for (std::size_t k = 0; k < limit; ++k) {
      mark();
      auto& record = out.emplace_back();
      record.cells.reserve(names_.size());
      if (!read(record)) {
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
      records_->lines().back(marks_[static_cast<std::size_t>(nearest)]);
      record_ = nearest * records_per_mark;
    }
    for (braid::Record passed; record_ < record; ++record_) {
      mark();
      passed.cells.clear();
      passed.error.clear();
      if (!read(passed)) return;  // beyond the end: nothing follows
    }
  }

 private:
  void opened() const {
    if (!records_) throw std::logic_error("a reader is opened before it is read");
  }
  void mark() {
    if (record_ == static_cast<std::int64_t>(marks_.size()) * records_per_mark)
      marks_.push_back(records_->lines().mark());
  }

  bool read(braid::Record& record) {
    if (!records_->read(record, names_.size(), rest())) return false;
    if (record.error.empty() && record.cells.size() != names_.size())
      record.error = std::to_string(record.cells.size()) + (record.cells.size() == 1 ? " cell, " : " cells, ") +
                     (columns_given().empty() ? "the header has " : "`columns` names ") + std::to_string(names_.size());
    return true;
  }

  using Records = braid::text::Records<braid::Error>;
  std::string path_;
  std::unique_ptr<Records> records_;
  std::vector<std::string> names_;
  std::int64_t record_ = 0;                                    // the one that comes next
  std::vector<braid::text::Lines<braid::Error>::Mark> marks_;  // of records 0, records_per_mark, 2 records_per_mark...
};

}  // namespace

BRAID_PLUGIN(Delimited, "delimited", "0.1.0")
