// A text file, gzip'd or not, line by line, as UTF-8. One thread.
#pragma once

#include "kernels/text/encoding.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace braid::text {

// A file's text, of which a window is in memory. Throws Error where the file cannot be read on.
template <class Error>
class Lines {
 public:
  // Where a line begins.
  struct Mark {
    std::int64_t offset, line;
  };

  explicit Lines(const std::string& path, Encoding encoding = Encoding::utf_8) : path_(path), stream_(path, encoding) {
    window_.resize(block);
    more();
  }

  // The next line that is not empty, without its break; the same one until take(). Its text stays where it is until the
  // next call of peek(), more() or back(). False: the file has ended.
  bool peek(std::string_view& text) {
    while (find(text)) {
      if (!text.empty()) return true;
      take();
    }
    return false;
  }
  // Goes on behind the line that peek() showed.
  void take() { drop(bytes_, 1); }

  std::int64_t line() const { return line_; }  // of the next byte, from 1
  Mark mark() const { return {start_ + static_cast<std::int64_t>(from_), line_}; }
  void back(const Mark& to) {
    stream_.seek(to.offset);
    start_ = to.offset, line_ = to.line, from_ = to_ = 0, over_ = false;
  }

  // The window, for records that go on over lines.
  const char* begin() const { return window_.data() + from_; }
  std::size_t size() const { return to_ - from_; }
  void drop(std::size_t bytes, std::int64_t lines) { from_ += bytes, line_ += lines; }

  // Adds bytes to the window; what begin() points to moves. False: the file has no more.
  bool more() {
    if (over_) return false;
    if (from_ > 0) {
      std::memmove(window_.data(), window_.data() + from_, size());
      start_ += static_cast<std::int64_t>(from_);
      to_ -= from_, from_ = 0;
    }
    if (to_ == window_.size()) {
      if (window_.size() >= longest_record)
        throw Error("'" + path_ + "', line " + std::to_string(line_) + ": a record of more than " +
                    std::to_string(longest_record >> 20) +
                    " MiB; is a quote opened there and not closed, or is this no text?");
      window_.resize(window_.size() * 2);
    }
    stream_.at_line(line_);
    const auto got = stream_.read(window_.data() + to_, window_.size() - to_);
    if (got == 0) {
      over_ = true;
      return false;
    }
    to_ += got;
    return true;
  }

 private:
  static constexpr std::size_t block = std::size_t{16} * BRAID_FILE_BLOCK;  // bytes read at a time
  static constexpr std::size_t longest_record = 256u << 20;  // bytes; more is taken for a quote that never ends

  // The next line, empty or not, of which bytes_ are to be dropped afterwards.
  bool find(std::string_view& text) {
    for (std::size_t searched = 0;;) {
      const auto* found = static_cast<const char*>(std::memchr(begin() + searched, '\n', size() - searched));
      if (found) {
        text = {begin(), static_cast<std::size_t>(found - begin())};
        bytes_ = text.size() + 1;
        break;
      }
      searched = size();
      if (more()) continue;
      if (searched == 0) return false;
      text = {begin(), searched};
      bytes_ = searched;
      break;
    }
    if (text.ends_with('\r')) text.remove_suffix(1);
    return true;
  }

  std::string path_;
  TextStream<Error> stream_;
  std::vector<char> window_;
  std::size_t from_ = 0, to_ = 0, bytes_ = 0;
  std::int64_t start_ = 0, line_ = 1;  // start_: of the window, in the text
  bool over_ = false;
};

}  // namespace braid::text
