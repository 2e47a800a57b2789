#include "cards/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

namespace braid::cards {
namespace fs = std::filesystem;

FileBytes read_bytes(const std::string& file) {
  FileBytes out;
  const auto failed = [&](const std::string& why) {
    out.bytes.clear();
    out.error = why;
    return out;
  };
  const auto unreadable = [&] {
    return failed(errno == ENOENT ? "there is no such file"
                                  : std::string("the file cannot be read: ") + std::strerror(errno));
  };
  const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (handle < 0) return unreadable();
  const std::unique_ptr<const int, void (*)(const int*)> closed(&handle, [](const int* h) { ::close(*h); });
  struct stat s {};
  if (::fstat(handle, &s) != 0) return unreadable();
  if (!S_ISREG(s.st_mode)) return failed("it is no regular file");
  const auto size = static_cast<std::uint64_t>(s.st_size);
  if (size > most_bytes)
    return failed("it has " + std::to_string(size) + " bytes, and files of up to " + std::to_string(most_bytes) +
                  " are looked at");
  out.bytes.resize(size);
  std::size_t have = 0;
  while (have < out.bytes.size()) {
    const auto got = ::read(handle, out.bytes.data() + have, out.bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable();
    if (got == 0) break;  // it became shorter meanwhile
    have += static_cast<std::size_t>(got);
  }
  out.bytes.resize(have);
  return out;
}

FileFacts facts_of(std::string_view bytes) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits(bytes.data(), bytes.size())));
  return {bytes.size(), text};
}

FileFacts facts(const std::string& file) { return facts_of(read_bytes(file).bytes); }

bool write_whole(const std::string& file, const std::string& text) {
  std::error_code failed;
  const auto folder = fs::path(file).parent_path();
  if (!folder.empty()) fs::create_directories(folder, failed);
  const auto aside = file + "." + std::to_string(::getpid()) + ".part";
  {
    std::ofstream out(aside, std::ios::binary);
    out << text;
    if (!out.flush()) {
      fs::remove(aside, failed);
      return false;
    }
  }
  fs::rename(aside, file, failed);
  if (failed) fs::remove(aside, failed);
  return !failed;
}

}  // namespace braid::cards
