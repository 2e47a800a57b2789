#include "cards/header.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace braid::cards {

std::variant<std::vector<std::string>, std::string> first_record(const std::string& path, const std::string& separator,
                                                                 char quote) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"),
                                                        gzclose);  // reads plain files as well
  if (!file) return std::string("it cannot be opened: ") + std::strerror(errno ? errno : ENOMEM);
  std::string text;
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false, started = false;
  char block[1 << 14];
  std::size_t total = 0;
  const auto close = [&] {
    if (!quoted && !cell.empty() && cell.back() == '\r') cell.pop_back();
    cells.push_back(std::move(cell));
    return cells;
  };
  for (int got; total < (1u << 20) && (got = gzread(file.get(), block, sizeof block)) != 0;
       total += static_cast<std::size_t>(got)) {
    if (got < 0) {
      int code = 0;
      return std::string("it cannot be read: ") + gzerror(file.get(), &code);
    }
    int k = total == 0 && got >= 3 && std::memcmp(block, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (; k < got; ++k) {
      const char c = block[k];
      if (quote && c == quote && (quoted || cell.empty() || started)) {
        if (started && !quoted) cell += c;  // a doubled quote: the closing one was none
        quoted = !quoted;
        started = true;
      } else if (!quoted && c == '\n') {
        return close();
      } else {
        cell += c;
        if (quoted || separator.empty() || !cell.ends_with(separator)) continue;
        cell.resize(cell.size() - separator.size());
        cells.push_back(std::move(cell));
        cell.clear();
        started = false;
      }
    }
  }
  if (quoted) return "its first record opens a quote and does not close it";
  if (total == 0) return "it is empty";
  return close();
}

}  // namespace braid::cards
