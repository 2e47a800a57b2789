// The bytes of a file, unpacked when it is gzip'd, to the last one: all members of a gzip file, zeros between and after
// them passed over as gzip(1) does. Anything else behind a member is an error, never silently left out. So is a file
// of another format (text/formats.h).
#pragma once

#include "kernels/text/formats.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

// Bytes of a file read at a time. Fuzz targets make it small, so that everything crosses a border.
#ifndef BRAID_FILE_BLOCK
#define BRAID_FILE_BLOCK (1 << 16)
#endif

namespace braid::text {

// One thread. Throws Error, made of one string, which names the file.
template <class Error>
class ByteStream {
 public:
  explicit ByteStream(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rb")) {
    if (!file_) throw Error("cannot open '" + path + "': " + std::strerror(errno));
    fill();
    packed_ = have_ >= 2 && in_[0] == 0x1F && in_[1] == 0x8B;
    if (!packed_) refuse_other_formats({reinterpret_cast<const char*>(in_.data()), have_});
    if (packed_ && inflateInit2(&z_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~ByteStream() {
    if (packed_) inflateEnd(&z_);
  }
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Up to `most` bytes into `to`; 0 at the end of the file.
  std::size_t read(char* to, std::size_t most) {
    std::size_t got = 0;
    while (got < most) {
      const auto n = packed_ ? unpack(to + got, most - got) : copy(to + got, most - got);
      if (n == 0) break;
      got += n;
    }
    if (packed_ && given_ == 0) refuse_other_formats({to, got});
    given_ += static_cast<std::int64_t>(got);
    return got;
  }

  std::int64_t offset() const { return base_ + static_cast<std::int64_t>(at_); }  // in the file, of the next byte

  // The line that is being read, for messages.
  void at_line(std::int64_t line) { line_ = line; }

  // To a place in what read() gives; backwards a packed file is read again from the start.
  void seek(std::int64_t to) {
    if (to < given_ || (to > given_ && !packed_)) {
      const auto start = packed_ ? 0 : to;
      if (::fseeko(file_.get(), start, SEEK_SET) != 0)
        throw Error("'" + path_ + "' cannot be read again: " + std::strerror(errno));
      base_ = given_ = start, at_ = have_ = 0, over_ = member_over_ = false;
      if (packed_) inflateReset(&z_);
    }
    std::array<char, 1 << 14> passed;
    while (given_ < to)
      if (read(passed.data(), static_cast<std::size_t>(std::min<std::int64_t>(to - given_, passed.size()))) == 0) break;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  // The next block of the file, when the last one is used up.
  bool fill() {
    if (at_ < have_) return true;
    if (over_) return false;
    base_ += static_cast<std::int64_t>(have_);
    at_ = 0;
    have_ = std::fread(in_.data(), 1, in_.size(), file_.get());
    if (have_ == 0 && std::ferror(file_.get()))
      throw Error("'" + path_ + "' cannot be read: " + std::strerror(errno) + read_so_far());
    over_ = have_ == 0;
    return have_ > 0;
  }

  std::size_t copy(char* to, std::size_t most) {
    if (!fill()) return 0;
    const auto n = std::min(most, have_ - at_);
    std::memcpy(to, in_.data() + at_, n);
    at_ += n;
    return n;
  }

  std::size_t unpack(char* to, std::size_t most) {
    z_.next_out = reinterpret_cast<Bytef*>(to);
    z_.avail_out = static_cast<uInt>(std::min<std::size_t>(most, 1u << 30));
    const auto room = z_.avail_out;
    while (z_.avail_out == room) {
      if (member_over_ && !next_member()) return 0;
      if (!fill())
        throw Error("'" + path_ + "' breaks off at byte " + std::to_string(offset()) +
                    " of the file: the gzip stream is not complete" + read_so_far());
      z_.next_in = in_.data() + at_;
      z_.avail_in = static_cast<uInt>(have_ - at_);
      const int code = inflate(&z_, Z_NO_FLUSH);
      at_ = have_ - z_.avail_in;
      if (code == Z_STREAM_END) member_over_ = true;
      else if (code != Z_OK && code != Z_BUF_ERROR)
        throw Error("'" + path_ + "' is damaged near byte " + std::to_string(offset()) +
                    " of the file: " + (z_.msg ? z_.msg : "not gzip") + read_so_far());
    }
    return room - z_.avail_out;
  }

  // Behind a member: zeros, and then another member or the end.
  bool next_member() {
    while (fill() && in_[at_] == 0) ++at_;
    if (!fill()) return false;
    const auto begin = offset();
    if (in_[at_] != 0x1F)
      throw Error("'" + path_ + "' has other bytes behind its gzip stream, from byte " + std::to_string(begin) +
                  " of the file; cut them off, or pack the file again" + read_so_far());
    inflateReset(&z_);
    member_over_ = false;
    return true;
  }

  std::string read_so_far() const { return line_ > 0 ? "; it was read up to line " + std::to_string(line_) : ""; }

  void refuse_other_formats(std::string_view head) const {
    if (const auto* what = other_format(head)) throw Error("'" + path_ + "' is " + what);
  }

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::array<unsigned char, BRAID_FILE_BLOCK> in_;
  std::int64_t line_ = 0;  // 0: not known
  std::size_t at_ = 0, have_ = 0;
  std::int64_t base_ = 0, given_ = 0;  // of in_ in the file; bytes that read() gave
  bool packed_ = false, over_ = false, member_over_ = false;
  z_stream z_{};
};

}  // namespace braid::text
