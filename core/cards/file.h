// Small things about files: bytes, digests, writing aside and renaming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace braid::cards {

inline constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;  // of a file that is read as a whole

// A file's bytes as they were at one time. Read, not mapped: a file that a linker is writing may become shorter, and a
// map of it would then end the process. `error` is empty, or says why there are none ("there is no such file"). Never
// waits: what is no regular file (a pipe, a device) is refused.
struct FileBytes {
  std::string bytes, error;
};
FileBytes read_bytes(const std::string& file);

// What tells one version of a file from another. `digest` is xxh3-64 over the bytes, 16 hex digits.
struct FileFacts {
  std::uint64_t size = 0;
  std::string digest;
};
FileFacts facts_of(std::string_view bytes);
// Of a file that cannot be read: those of no bytes.
FileFacts facts(const std::string& file);

// Writes a file so that readers see the old text or the new one; makes its folders. False when that cannot be done.
bool write_whole(const std::string& file, const std::string& text);

}  // namespace braid::cards
