#include "cards/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace braid::cards {
namespace fs = std::filesystem;

MappedFile::MappedFile(const std::string& file) {
  const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat s {};
  if (handle < 0 || ::fstat(handle, &s) != 0) {
    error_ =
        errno == ENOENT ? "there is no such file" : std::string("the file cannot be read: ") + std::strerror(errno);
  } else if (!S_ISREG(s.st_mode)) {
    error_ = "it is no regular file";
  } else if (s.st_size > 0) {
    void* at = ::mmap(nullptr, static_cast<std::size_t>(s.st_size), PROT_READ, MAP_PRIVATE, handle, 0);
    if (at == MAP_FAILED) error_ = std::string("the file cannot be read: ") + std::strerror(errno);
    else data_ = static_cast<const char*>(at), size_ = static_cast<std::size_t>(s.st_size);
  }
  if (handle >= 0) ::close(handle);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<char*>(data_), size_);
}

FileFacts quick_facts(const std::string& file) {
  struct stat s {};
  if (::stat(file.c_str(), &s) != 0) return {};
  return {static_cast<std::uint64_t>(s.st_size), s.st_mtim.tv_sec * std::int64_t{1'000'000'000} + s.st_mtim.tv_nsec,
          ""};
}

FileFacts facts(const std::string& file) {
  auto out = quick_facts(file);
  const MappedFile mapped(file);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(mapped.data(), mapped.size())));
  out.digest = text;
  return out;
}

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
