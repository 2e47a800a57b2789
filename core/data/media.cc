#include "data/media.h"

#include "braid/component.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <archive.h>
#include <archive_entry.h>

namespace braid::data {

namespace fs = std::filesystem;

Archive::Archive(const std::string& path) {
  const std::unique_ptr<struct archive, int (*)(struct archive*)> in(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(in.get());
  archive_read_support_format_tar(in.get());
  archive_read_support_format_zip(in.get());
  archive_read_support_format_empty(in.get());
  const auto fail = [&](const std::string& what) {
    const char* reason = archive_error_string(in.get());
    throw Error(path + ": error: " + what + (reason ? std::string(": ") + reason : "") + " [media-unreadable]");
  };
  if (archive_read_open_filename(in.get(), path.c_str(), 1 << 18) != ARCHIVE_OK) fail("cannot open the archive");
  struct archive_entry* entry = nullptr;
  while (true) {
    const int status = archive_read_next_header(in.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) fail("the archive is damaged after " + std::to_string(members_.size()) + " files");
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const char* utf8 = archive_entry_pathname_utf8(entry);
    const char* raw = utf8 ? utf8 : archive_entry_pathname(entry);
    std::string name = raw ? raw : "";
    while (name.starts_with("./")) name.erase(0, 2);
    const auto at = bytes_.size();
    for (std::size_t filled = at;;) {  // sizes in headers may be absent or lie: read until the end
      bytes_.resize(filled + (1 << 16));
      const auto got = archive_read_data(in.get(), bytes_.data() + filled, 1 << 16);
      if (got < 0) fail("file '" + name + "' of the archive is damaged");
      filled += static_cast<std::size_t>(got);
      bytes_.resize(filled);
      if (got == 0) break;
    }
    members_[name] = {at, bytes_.size() - at};  // of two members with one name the later one counts, as in tar
  }
  bytes_.shrink_to_fit();
}

std::optional<std::span<const std::byte>> Archive::find(std::string_view name) const {
  while (name.starts_with("./")) name.remove_prefix(2);
  const auto it = members_.find(name);
  if (it == members_.end()) return std::nullopt;
  return std::span(bytes_).subspan(it->second.at, it->second.size);
}

Media::Media(const std::string& media, const Archives& archives) {
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
    archive_ = archives(path);
    names = media.substr(at + 1);
    break;
  }
  if (!archive_) {
    const auto folder = fs::path(names.substr(0, names.find('{'))).parent_path();
    std::error_code ignored;
    if (!folder.empty() && !fs::is_directory(folder, ignored))
      throw Error(folder.string() + ": error: there is no such folder, which 'media = \"" + media +
                  "\"' names [media-unreadable]");
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

std::optional<std::span<const std::byte>> Media::read(const std::string& name, std::vector<std::byte>& buffer) const {
  if (archive_) return archive_->find(name);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(name.c_str(), "rb"), std::fclose);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw Error(name + ": error: cannot read: " + std::strerror(errno) + " [media-unreadable]");
  }
  buffer.clear();
  for (std::size_t got = 1; got;) {
    const auto at = buffer.size();
    buffer.resize(at + (1 << 16));
    got = std::fread(buffer.data() + at, 1, 1 << 16, file.get());
    buffer.resize(at + got);
  }
  if (std::ferror(file.get()))
    throw Error(name + ": error: cannot read: " + std::strerror(errno) + " [media-unreadable]");
  return std::span<const std::byte>(buffer);
}

}  // namespace braid::data
