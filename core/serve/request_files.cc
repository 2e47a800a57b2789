#include "serve/json.h"
#include "serve/request.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace braid::serve {
namespace {

constexpr std::int64_t largest_file = 64 << 20;

// An open file, closed with this.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

std::string link_of(int descriptor) {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), failed).string();
}

bool climbs(const std::string& path) {
  for (const auto& part : std::filesystem::path(path))
    if (part == "..") return true;
  return false;
}

}  // namespace

FilesOfRequests::FilesOfRequests(const std::string& folder) : given_(folder) {
  if (folder.empty()) return;
  while (given_.size() > 1 && given_.ends_with('/')) given_.pop_back();
  folder_ = ::open(given_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) throw Error("--files " + folder + ": error: is no folder: " + std::strerror(errno) + " [file]");
  real_ = link_of(folder_);
  if (!real_.starts_with('/')) {
    ::close(folder_);
    throw Error("--files " + folder + ": error: the system does not say where it is: /proc is needed [file]");
  }
}

FilesOfRequests::~FilesOfRequests() {
  if (folder_ >= 0) ::close(folder_);
}

Bytes FilesOfRequests::read(const std::string& name) const {
  const auto file = "file " + json_text(name);
  const auto refuse = [&](const std::string& why) { return std::runtime_error(file + " " + why); };
  if (folder_ < 0)
    throw refuse(
        "is not read: requests may name files below the folder of `braid score --files FOLDER`, which was not "
        "given; {\"base64\": ...} takes the bytes themselves");
  if (name.find('\0') != std::string::npos) throw refuse("has a NUL byte in its name");
  if (climbs(name)) throw refuse("has '..' in its path");
  auto below = name;
  if (name.starts_with('/')) {
    const auto root = name.starts_with(real_ + "/") ? real_ : given_;
    if (!name.starts_with(root + "/")) throw refuse("is not below the folder of --files");
    below = name.substr(root.size());
  }
  below.erase(0, below.find_first_not_of('/'));
  if (below.empty()) throw refuse("is no file");
  // What the name leads to is held first and looked at then: nothing can take its place in between, and no device or
  // pipe is opened.
  const Descriptor held{::openat(folder_, below.c_str(), O_PATH | O_CLOEXEC)};
  if (held.number < 0) throw refuse(std::string("cannot be read: ") + std::strerror(errno));
  const auto place = link_of(held.number);
  if (!place.starts_with(real_ == "/" ? real_ : real_ + "/")) throw refuse("leads out of the folder of --files");
  struct ::stat facts {};
  if (::fstat(held.number, &facts) != 0 || !S_ISREG(facts.st_mode)) throw refuse("is no file");
  if (facts.st_size > largest_file) throw refuse("is larger than " + std::to_string(largest_file >> 20) + " MiB");
  const Descriptor open{::open(("/proc/self/fd/" + std::to_string(held.number)).c_str(), O_RDONLY | O_CLOEXEC)};
  if (open.number < 0) throw refuse(std::string("cannot be read: ") + std::strerror(errno));
  Bytes out(static_cast<std::size_t>(facts.st_size));
  std::size_t have = 0;
  while (have < out.size()) {
    const auto got = ::read(open.number, out.data() + have, out.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw refuse(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) throw refuse("is cut short while it is read");
    have += static_cast<std::size_t>(got);
  }
  return out;
}

}  // namespace braid::serve
