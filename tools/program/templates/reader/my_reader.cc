// Files to rows of cells: tables in columns of fixed width. Each column starts where its name starts in the first line.
#include <braid/plugin.h>

#include <fstream>

namespace {

struct MyReader final : braid::Reader {
  static constexpr braid::About about{.summary = "Tables in columns of fixed width, as the first line's names stand."};
  static constexpr std::string_view suffixes[] = {".fixed"};
  static constexpr std::string_view examples[] = {"user  item\nanna  tea\nbob   a loaf\n"};  // what conform reads

  void open(const std::string& path) override {
    file_.open(path, std::ios::binary);
    if (!next_line()) throw braid::Error("'" + path + "' cannot be read, or is empty");
    for (std::size_t at = 0; (at = line_.find_first_not_of(' ', at)) != line_.npos;) {
      const auto end = std::min(line_.find(' ', at), line_.size());
      starts_.push_back(at), names_.push_back(line_.substr(at, end - at));
      at = end;
    }
  }
  const std::vector<std::string>& columns() const override { return names_; }

  bool next(std::vector<braid::Record>& out, std::size_t limit) override {
    for (; limit > 0; --limit) {
      if (!next_line()) return false;
      auto& record = out.emplace_back();
      record.line = number_;
      for (std::size_t k = 0; k < starts_.size(); ++k) {
        const auto from = std::min(starts_[k], line_.size());
        const auto cell = line_.substr(from, k + 1 < starts_.size() ? starts_[k + 1] - starts_[k] : line_.npos);
        record.cells.push_back(cell.substr(0, cell.find_last_not_of(' ') + 1));
      }
    }
    return true;
  }
  void seek(std::int64_t record) override {
    file_.clear(), file_.seekg(0), number_ = 0;
    for (next_line(); record > 0 && next_line();) --record;  // the names, then the records before it
  }

 private:
  bool next_line() {  // passes over empty lines
    do {
      if (!std::getline(file_, line_)) return false;
      if (line_.ends_with('\r')) line_.pop_back();
      ++number_;
    } while (line_.empty());
    return true;
  }

  std::ifstream file_;
  std::string line_;
  std::int64_t number_ = 0;  // of that line, from 1
  std::vector<std::size_t> starts_;
  std::vector<std::string> names_;
};

}  // namespace

BRAID_PLUGIN(MyReader, "my_reader", "0.1.0")
