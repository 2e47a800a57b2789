// Files that a media field reads: out of a folder, or out of an archive that is read once and kept in memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace braid::data {

// The members of one tar, zip or compressed tar, by name. Read once; lookups are safe from many threads.
class Archive {
 public:
  explicit Archive(const std::string& path);  // throws Error: missing, damaged, no archive
  std::optional<std::span<const std::byte>> find(std::string_view name) const;
  std::size_t members() const { return members_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::vector<std::byte> bytes_;
  struct Span {
    std::size_t at, size;
  };
  std::unordered_map<std::string, Span, Hash, std::equal_to<>> members_;
};

// A field's `media` text: "posters.tar.gz:{item}.jpg" or "posters/{item}.jpg".
class Media {
 public:
  using Archives = std::function<std::shared_ptr<const Archive>(const std::string& path)>;
  Media(const std::string& media, const Archives& archives);

  // The file's name for one row; nullopt when a cell that it names is missing. `cell(name)` gives a column's text.
  std::optional<std::string> name(const std::function<std::string_view(const std::string&)>& cell) const;
  // The file's bytes; nullopt when there is no such file. `buffer` holds them when they come from a folder.
  std::optional<std::span<const std::byte>> read(const std::string& name, std::vector<std::byte>& buffer) const;
  // How messages call a file: "posters.tar.gz:12.jpg".
  std::string shown(const std::string& name) const { return archive_ ? archive_path_ + ":" + name : name; }

 private:
  struct Part {
    bool column;
    std::string text;
  };
  std::vector<Part> parts_;
  std::string archive_path_;
  std::shared_ptr<const Archive> archive_;
};

}  // namespace braid::data
