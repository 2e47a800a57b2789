// Files that a media field reads: out of a folder, or out of an archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

struct archive;
struct archive_entry;

namespace braid::data {

inline constexpr std::int64_t largest_media = 64 << 20;  // bytes of one file, unpacked

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

// The most that the members of compressed archives may take in memory: 4 GiB, or a quarter of the machine's.
std::int64_t archive_memory();

// A file that is read where it is asked for, and is an error once it is another one than when it was opened.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path);  // throws Error
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  const std::string& path() const { return path_; }
  std::int64_t size() const { return size_; }
  std::size_t read(std::int64_t offset, std::span<std::byte> to) const;  // fewer bytes at the file's end only
  void read_all(std::int64_t offset, std::span<std::byte> to) const;     // throws Error when it is shorter
  void demand_same() const;                                              // throws Error when it was changed

 private:
  std::string path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0, changed_ = 0;
};

// The members of one tar, zip or compressed tar, by name; of two with one name the later one counts, as in tar.
//
// Of a tar and a zip an index is kept, and members are read when they are asked for. A compressed tar has no places to
// go to: it is unpacked once, and what `wanted` names of it is kept in memory. Lookups are safe from many threads.
class Archive {
 public:
  // Throws Error: missing, damaged, no archive, or more in it than `memory` bytes that are wanted.
  Archive(const std::string& path, const TextSet& wanted, std::int64_t memory = archive_memory());

  static bool is_compressed(const std::string& path);  // false where the file cannot be read
  bool has(std::string_view name) const;
  // The member's bytes, in `buffer` or in memory of the archive; nullopt: there is none. Throws Error for a damaged
  // one.
  std::optional<std::span<const std::byte>> find(std::string_view name, std::vector<std::byte>& buffer) const;
  std::size_t members() const { return members_.size(); }

 private:
  struct Member {
    std::int64_t at = 0, size = 0;  // of its header; unpacked, where the archive says so
    std::vector<std::byte> bytes;   // of a compressed archive
    std::string link;               // another member, whose bytes these are
  };
  void index_zip();
  struct archive_entry* next_entry(struct archive* in) const;
  void index_tar(struct archive* in);
  void unpack(struct archive* in, const TextSet& wanted, std::int64_t memory);
  const Member* member(std::string_view name) const;
  [[noreturn]] void fail(const std::string& what) const;

  OpenFile file_;
  bool zip_ = false, kept_ = false;  // kept_: members have their bytes
  std::unordered_map<std::string, Member, TextHash, std::equal_to<>> members_;
};

// Archives by path, each read once even when several fields ask at the same time.
class ArchiveShelf {
 public:
  // Of a compressed archive these members are wanted. To be said before the archive is asked for.
  void want(const std::string& path, TextSet names);
  std::shared_ptr<const Archive> get(const std::string& path);

 private:
  struct Entry {
    std::mutex mutex;
    TextSet wanted;
    std::shared_ptr<const Archive> archive;
  };
  Entry& entry(const std::string& path);
  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Entry>> entries_;
};

// A field's `media` text: "posters.tar.gz:{item}.jpg" or "posters/{item}.jpg".
class Media {
 public:
  explicit Media(const std::string& media);  // throws Error: a folder that is not there
  void open(ArchiveShelf& shelf);            // before files are asked for; throws Error

  const std::string& pattern() const { return pattern_; }
  const std::string& archive() const { return archive_path_; }  // empty: files of a folder
  // The file's name for one row; nullopt when a cell that it names is missing. `cell(name)` gives a column's text.
  std::optional<std::string> name(const std::function<std::string_view(const std::string&)>& cell) const;
  bool exists(const std::string& name) const;
  // The file's bytes; nullopt when there is no such file. `buffer` holds them unless they are in memory anyway.
  std::optional<std::span<const std::byte>> read(const std::string& name, std::vector<std::byte>& buffer) const;
  // How messages call a file: "posters.tar.gz:12.jpg".
  std::string shown(const std::string& name) const { return archive_path_.empty() ? name : archive_path_ + ":" + name; }

 private:
  struct Part {
    bool column;
    std::string text;
  };
  std::string pattern_;
  std::vector<Part> parts_;
  std::string archive_path_;
  std::shared_ptr<const Archive> archive_;
};

}  // namespace braid::data
