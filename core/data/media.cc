#include "data/media.h"

#include "braid/component.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace braid::data {

namespace fs = std::filesystem;

Media::Media(const std::string& media) : pattern_(media) {
  auto names = media;
  // "ARCHIVE:NAME", where ARCHIVE is a file; a ':' that follows no file belongs to a name.
  for (std::size_t at = media.find(':'); at != std::string::npos; at = media.find(':', at + 1)) {
    const auto path = media.substr(0, at);
    const bool looks = path.find('{') == std::string::npos && !path.empty();
    const bool ends = path.ends_with(".tar") || path.ends_with(".tgz") || path.ends_with(".zip") ||
                      path.find(".tar.") != std::string::npos;
    std::error_code ignored;
    if (!looks || (!fs::is_regular_file(path, ignored) && !ends)) continue;
    archive_path_ = path;
    names = media.substr(at + 1);
    break;
  }
  if (archive_path_.empty()) {
    const auto folder = fs::path(names.substr(0, names.find('{'))).parent_path();
    std::error_code ignored;
    if (!folder.empty() && !fs::is_directory(folder, ignored))
      throw Error("media-unreadable", folder.string(),
                  "there is no such folder, which 'media = \"" + media + "\"' names");
  }
  for (std::size_t at = 0; at < names.size();) {
    const auto open = names.find('{', at);
    const auto close = open == std::string::npos ? open : names.find('}', open);
    if (close == std::string::npos) {
      parts_.push_back({false, names.substr(at)});
      break;
    }
    if (open > at) parts_.push_back({false, names.substr(at, open - at)});
    parts_.push_back({true, names.substr(open + 1, close - open - 1)});
    at = close + 1;
  }
}

void Media::open(ArchiveShelf& shelf) {
  if (!archive_path_.empty()) archive_ = shelf.get(archive_path_);
}

std::optional<std::string> Media::name(const std::function<std::string_view(const std::string&)>& cell) const {
  std::string out;
  for (const auto& part : parts_) {
    if (!part.column) {
      out += part.text;
      continue;
    }
    const auto text = cell(part.text);
    if (!text.data()) return std::nullopt;
    out += text;
  }
  return out;
}

bool Media::exists(const std::string& name) const {
  if (archive_) return archive_->has(name);
  struct ::stat about {};
  return name.find('\0') != std::string::npos || ::stat(name.c_str(), &about) == 0 ||
         (errno != ENOENT && errno != ENOTDIR);  // what is there and cannot be read is an error when it is read
}

std::optional<std::span<const std::byte>> Media::read(const std::string& name, std::vector<std::byte>& buffer) const {
  if (archive_) return archive_->find(name, buffer);
  if (name.find('\0') != std::string::npos) throw Error("its name has a NUL byte, which no file's has");
  const auto cannot = [&](const std::string& why) { return Error("media-unreadable", name, "cannot read: " + why); };
  const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe's name must not wait for a writer
  if (file < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw cannot(std::strerror(errno));
  }
  const std::shared_ptr<void> close(nullptr, [file](void*) { ::close(file); });
  struct ::stat about {};
  if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) throw cannot("it is no file");
  const auto most = static_cast<std::size_t>(largest_media);
  buffer.clear();
  while (true) {
    const auto at = buffer.size();
    if (at > most) throw Error("it has more than " + std::to_string(most >> 20) + " MiB, the bound of one file");
    buffer.resize(at + (1 << 16));
    const auto got = ::read(file, buffer.data() + at, 1 << 16);
    buffer.resize(at + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw cannot(std::strerror(errno));
    if (got == 0) return std::span<const std::byte>(buffer);
  }
}

}  // namespace braid::data
