// Small things about files: bytes without copying, digests, writing aside and renaming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace braid::cards {

// A file's bytes, read only. `error()` is empty, or says why there are none ("no such file").
class MappedFile {
 public:
  explicit MappedFile(const std::string& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  const std::string& error() const { return error_; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
  std::string error_;
};

// What tells one version of a file from another. `digest` is xxh3-64 over the bytes, 16 hex digits.
struct FileFacts {
  std::uint64_t size = 0;
  std::int64_t changed = 0;  // nanoseconds since 1970
  std::string digest;
};
// Size and time alone (digest empty); size 0 and time 0 when the file is not there.
FileFacts quick_facts(const std::string& file);
FileFacts facts(const std::string& file);

// Writes a file so that readers see the old text or the new one; makes its folders. False when that cannot be done.
bool write_whole(const std::string& file, const std::string& text);

}  // namespace braid::cards
