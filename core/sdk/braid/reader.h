// Readers: files to rows of text cells.
#pragma once

#include <braid/component.h>

namespace braid {

// Where a record stands, for messages: line counts from 1 and is that of the record's first character.
struct Record {
  std::vector<std::string> cells;  // as many as columns(); a reader reports other counts as bad
  std::int64_t line = 0;
  std::string error;  // not empty: this record is bad, and why ("5 cells, header has 6")
};

// One open file. Used by one thread. A component is one open file: the host makes one for each.
class BRAID_API Reader : public Component {
 public:
  // Redefine both: the file endings that this reader takes, and "text" when the first line names the columns, so that
  // the checker can read it without loading the plugin (parameters `separator`, `quote` and `columns` are honoured).
  static constexpr std::string_view suffixes[] = {""};
  static constexpr std::string_view header = "";

  virtual void open(const std::string& path) = 0;  // throws Error: missing, unreadable, not of this format
  virtual const std::vector<std::string>& columns() const = 0;
  // Up to `limit` records, appended to `out`; false at the end of the file. Throws Error when the file itself breaks
  // (a damaged gzip); a bad record comes with its `error` set and reading goes on.
  virtual bool next(std::vector<Record>& out, std::size_t limit) = 0;
  // Goes to record number `record` (from 0, without the header).
  virtual void seek(std::int64_t record) = 0;

 protected:
  Reader();
};

}  // namespace braid
