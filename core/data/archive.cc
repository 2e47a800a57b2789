#include "data/media.h"

#include "braid/component.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

namespace braid::data {
namespace {

using Reader = std::unique_ptr<struct archive, int (*)(struct archive*)>;

constexpr std::size_t block = 1 << 16;
// What unpacks to more than this, and to more than this many times its size, is taken for a bomb.
constexpr std::int64_t harmless = std::int64_t{1} << 30, most_times = 2000;

std::string plain(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  return std::string(name);
}

std::string name_of(struct archive_entry* entry) {
  const char* utf8 = archive_entry_pathname_utf8(entry);
  const char* raw = utf8 ? utf8 : archive_entry_pathname(entry);
  return plain(raw ? raw : "");
}

std::string reason(struct archive* in) {
  const char* text = archive_error_string(in);
  return text ? std::string(": ") + text : "";
}

std::string mib(std::int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// Appends what the reader has of its entry: false when it is more than `most`, which is found out at the first byte
// beyond. Sizes in headers may be absent or lie.
bool take(struct archive* in, std::vector<std::byte>& out, std::int64_t most) {
  while (true) {
    const auto filled = out.size();
    out.resize(filled + block);
    const auto got = archive_read_data(in, out.data() + filled, block);
    out.resize(filled + static_cast<std::size_t>(std::max<la_ssize_t>(got, 0)));
    if (got < 0) throw Error("the archive's file is damaged" + reason(in));
    if (got == 0) return true;
    if (static_cast<std::int64_t>(out.size()) > most) return false;
  }
}

// The bytes of a file from one place on, for libarchive.
struct From {
  const OpenFile& file;
  std::int64_t at;
  std::vector<std::byte> buffer = std::vector<std::byte>(block);
};

Reader open_from(From& from, bool zip) {
  Reader in(archive_read_new(), archive_read_free);
  if (zip) archive_read_support_format_zip_streamable(in.get());
  else archive_read_support_format_tar(in.get());
  const auto read = [](struct archive* a, void* data, const void** out) -> la_ssize_t {
    auto& source = *static_cast<From*>(data);
    try {
      const auto got = source.file.read(source.at, source.buffer);
      source.at += static_cast<std::int64_t>(got);
      *out = source.buffer.data();
      return static_cast<la_ssize_t>(got);
    } catch (const std::exception& e) {  // exceptions must not pass through C
      archive_set_error(a, EIO, "%s", e.what());
      return -1;
    }
  };
  if (archive_read_open(in.get(), &from, nullptr, read, nullptr) != ARCHIVE_OK)
    throw Error("the archive is damaged" + reason(in.get()));
  return in;
}

// What libarchive unpacks by itself. All that it knows would be more: a file that begins as lrzip's, grzip's or lzop's
// do makes it start a program of that name.
void allow_compression(struct archive* in) {
  if (archive_zlib_version()) archive_read_support_filter_gzip(in);
  if (archive_bzlib_version()) archive_read_support_filter_bzip2(in);
  if (archive_libzstd_version()) archive_read_support_filter_zstd(in);
  if (archive_liblz4_version()) archive_read_support_filter_lz4(in);
  if (!archive_liblzma_version()) return;
  archive_read_support_filter_xz(in);
  archive_read_support_filter_lzma(in);
  archive_read_support_filter_lzip(in);
}

template <class T>
T little(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

std::int64_t archive_memory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  const auto all = pages > 0 && page > 0 ? static_cast<std::int64_t>(pages) * page : std::int64_t{4} << 30;
  return std::min(std::int64_t{4} << 30, all / 4);
}

OpenFile::OpenFile(const std::string& path) : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct ::stat about {};
  if (descriptor_ >= 0 && ::fstat(descriptor_, &about) == 0 && S_ISREG(about.st_mode)) {
    size_ = about.st_size;
    changed_ = about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec;
    return;
  }
  const std::string why = descriptor_ < 0 ? std::strerror(errno) : "it is not a file";
  if (descriptor_ >= 0) ::close(descriptor_);
  throw Error("media-unreadable", path, "cannot open the archive: " + why);
}
OpenFile::~OpenFile() { ::close(descriptor_); }

std::size_t OpenFile::read(std::int64_t offset, std::span<std::byte> to) const {
  std::size_t have = 0;
  while (have < to.size()) {
    const auto got = ::pread(descriptor_, to.data() + have, to.size() - have, offset + static_cast<std::int64_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error("media-unreadable", path_, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

void OpenFile::read_all(std::int64_t offset, std::span<std::byte> to) const {
  if (read(offset, to) != to.size()) throw Error("media-unreadable", path_, "the archive is cut short");
}

void OpenFile::demand_same() const {
  struct ::stat about {};
  if (::fstat(descriptor_, &about) == 0 && about.st_size == size_ &&
      about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec == changed_)
    return;
  throw Error("media-unreadable", path_, "the archive was changed while it was in use",
              {"write another version beside it and rename it: who has the old one open keeps that"});
}

void Archive::fail(const std::string& what) const { throw Error("media-unreadable", file_.path(), what); }

namespace {

Reader open_tar(const std::string& path, bool compressed) {
  Reader in(archive_read_new(), archive_read_free);
  if (compressed) allow_compression(in.get());
  archive_read_support_format_tar(in.get());
  archive_read_support_format_empty(in.get());
  if (archive_read_open_filename(in.get(), path.c_str(), 1 << 18) != ARCHIVE_OK)
    throw Error("media-unreadable", path, "cannot open the archive" + reason(in.get()));
  return in;
}

}  // namespace

Archive::Archive(const std::string& path, const TextSet& wanted, std::int64_t memory) : file_(path) {
  std::byte start[4]{};
  file_.read(0, start);
  if (std::memcmp(start, "PK\3\4", 4) == 0 || std::memcmp(start, "PK\5\6", 4) == 0) {
    index_zip();
    return;
  }
  kept_ = is_compressed(path);
  const auto in = open_tar(path, kept_);
  if (kept_) unpack(in.get(), wanted, memory);
  else index_tar(in.get());
  file_.demand_same();
}

// A tar has the letters "ustar" in its first header, and the older form no magic at all, but a checksum.
bool Archive::is_compressed(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  unsigned char header[512];
  const auto got = ::pread(file, header, sizeof header, 0);
  ::close(file);
  if (got < static_cast<ssize_t>(sizeof header)) return got > 0 && std::memcmp(header, "PK", 2) != 0;
  if (std::memcmp(header, "PK\3\4", 4) == 0 || std::memcmp(header, "PK\5\6", 4) == 0) return false;
  std::int64_t sum = 0, said = 0, digits = 0;
  for (int k = 0; k < 512; ++k) sum += k >= 148 && k < 156 ? ' ' : header[k];
  for (int k = 148; k < 156; ++k)
    if (header[k] >= '0' && header[k] <= '7') said = said * 8 + (header[k] - '0'), ++digits;
  const bool empty = sum == 8 * ' ';  // a block of zeros: an archive of no members
  return !empty && !(digits > 0 && said == sum);
}

// nullptr at the archive's end.
struct archive_entry* Archive::next_entry(struct archive* in) const {
  struct archive_entry* entry = nullptr;
  const int status = archive_read_next_header(in, &entry);
  if (status == ARCHIVE_EOF) return nullptr;
  if (status < ARCHIVE_WARN)
    fail("the archive is damaged after " + std::to_string(members_.size()) + " files" + reason(in));
  return entry;
}

void Archive::index_tar(struct archive* in) {
  while (auto* entry = next_entry(in)) {
    if (archive_entry_filetype(entry) != AE_IFREG && !archive_entry_hardlink(entry)) continue;
    Member made;
    made.at = archive_read_header_position(in);
    made.size = archive_entry_size(entry);
    if (const char* link = archive_entry_hardlink(entry)) made.link = plain(link);
    members_[name_of(entry)] = std::move(made);
    // What is passed over is not read: that the file ends before the member does is seen here.
    if (made.at > file_.size() || made.size > file_.size() - made.at)
      fail("the archive is damaged after " + std::to_string(members_.size()) + " files: it is cut short");
  }
}

void Archive::unpack(struct archive* in, const TextSet& wanted, std::int64_t memory) {
  std::int64_t held = 0;
  std::vector<std::byte> passed(block);
  const auto check_bomb = [&] {
    const auto out = archive_filter_bytes(in, 0), packed = archive_filter_bytes(in, -1);
    if (out > harmless && out / most_times > packed)
      fail("it unpacks to more than " + std::to_string(most_times) + " times its size, " + mib(out) +
           " so far, which no archive of media does\n  unpack it into a folder");
  };
  while (auto* entry = next_entry(in)) {
    const auto name = name_of(entry);
    const char* link = archive_entry_hardlink(entry);
    if (archive_entry_filetype(entry) != AE_IFREG && !link) continue;
    Member made;
    if (link) {
      made.link = plain(link);
    } else if (!wanted.contains(name)) {
      for (la_ssize_t got = 1; got > 0;) {
        got = archive_read_data(in, passed.data(), passed.size());
        if (got < 0) fail("file '" + name + "' of the archive is damaged" + reason(in));
        check_bomb();
      }
      continue;
    } else {
      bool fits = false;
      try {
        fits = take(in, made.bytes, largest_media);
      } catch (const Error&) {
        fail("file '" + name + "' of the archive is damaged" + reason(in));
      }
      if (!fits)
        fail("file '" + name + "' of the archive has more than " + mib(largest_media) +
             ", the bound of one file\n  is it what the field is to read?");
      made.bytes.shrink_to_fit();
      held += static_cast<std::int64_t>(made.bytes.size());
      if (held > memory)
        fail("the files of the archive that rows name take more than " + mib(memory) + " in memory, at file '" + name +
             "'; a compressed tar is held in memory\n  unpack it into a folder, or make a .tar or .zip of it, whose "
             "files are read when they are needed");
    }
    check_bomb();
    members_[name] = std::move(made);
  }
  // A hard link stands for a member that nothing may have asked for by its own name.
  for (const auto& [name, one] : members_)
    if (!one.link.empty() && wanted.contains(name) && !members_.contains(one.link) && !wanted.contains(one.link)) {
      auto more = wanted;
      for (const auto& [other, linked] : members_)
        if (!linked.link.empty()) more.insert(linked.link);
      members_.clear();
      const auto again = open_tar(file_.path(), true);
      return unpack(again.get(), more, memory);
    }
}

// The central directory at the end says where members begin.
void Archive::index_zip() {
  zip_ = true;
  const auto tail_size = std::min<std::int64_t>(file_.size(), 22 + 65535 + 20);
  std::vector<std::byte> tail(static_cast<std::size_t>(tail_size));
  file_.read_all(file_.size() - tail_size, tail);
  auto end = tail_size - 22;
  while (end >= 0 && little<std::uint32_t>(tail.data() + end) != 0x06054b50) --end;
  if (end < 0) fail("the archive is damaged: it has no directory at its end");
  std::uint64_t count = little<std::uint16_t>(tail.data() + end + 10),
                size = little<std::uint32_t>(tail.data() + end + 12),
                start = little<std::uint32_t>(tail.data() + end + 16);
  if (end >= 20 && little<std::uint32_t>(tail.data() + end - 20) == 0x07064b50) {
    std::byte large[56];
    const auto place = little<std::uint64_t>(tail.data() + end - 20 + 8);
    if (place > static_cast<std::uint64_t>(file_.size())) fail("the archive is damaged: its directory is not there");
    file_.read_all(static_cast<std::int64_t>(place), large);
    if (little<std::uint32_t>(large) != 0x06064b50) fail("the archive is damaged: its directory is not there");
    count = little<std::uint64_t>(large + 32), size = little<std::uint64_t>(large + 40),
    start = little<std::uint64_t>(large + 48);
  }
  const auto whole = static_cast<std::uint64_t>(file_.size());
  if (start > whole || size > whole - start) fail("the archive is damaged: its directory is not there");
  std::vector<std::byte> directory(size);
  file_.read_all(static_cast<std::int64_t>(start), directory);
  std::size_t at = 0;
  for (std::uint64_t k = 0; k < count; ++k) {
    const auto* one = directory.data() + at;
    if (size - at < 46 || little<std::uint32_t>(one) != 0x02014b50)
      fail("the archive's directory is damaged after " + std::to_string(k) + " files");
    const std::size_t name_size = little<std::uint16_t>(one + 28), extra_size = little<std::uint16_t>(one + 30),
                      comment_size = little<std::uint16_t>(one + 32);
    if (size - at < 46 + name_size + extra_size + comment_size)
      fail("the archive's directory is damaged after " + std::to_string(k) + " files");
    std::uint64_t unpacked = little<std::uint32_t>(one + 24), packed = little<std::uint32_t>(one + 20),
                  place = little<std::uint32_t>(one + 42);
    const auto* extra = one + 46 + name_size;
    for (std::size_t e = 0; e + 4 <= extra_size;) {
      const std::size_t id = little<std::uint16_t>(extra + e), length = little<std::uint16_t>(extra + e + 2);
      if (e + 4 + length > extra_size) break;
      std::size_t in = e + 4;
      const auto wide = [&](std::uint64_t& value) {
        if (value != 0xffffffff || in + 8 > e + 4 + length) return;
        value = little<std::uint64_t>(extra + in);
        in += 8;
      };
      if (id == 1) wide(unpacked), wide(packed), wide(place);
      e += 4 + length;
    }
    const std::string_view name(reinterpret_cast<const char*>(one + 46), name_size);
    at += 46 + name_size + extra_size + comment_size;
    if (name.ends_with('/')) continue;
    if (place > whole) fail("the archive's directory is damaged: file '" + std::string(name) + "' is not in it");
    Member made;
    made.at = static_cast<std::int64_t>(place);
    made.size = static_cast<std::int64_t>(std::min<std::uint64_t>(unpacked, INT64_MAX));
    members_[plain(name)] = std::move(made);
  }
  file_.demand_same();
}

const Archive::Member* Archive::member(std::string_view name) const {
  while (name.starts_with("./")) name.remove_prefix(2);
  for (int links = 0; links < 8; ++links) {
    const auto it = members_.find(name);
    if (it == members_.end()) return nullptr;
    if (it->second.link.empty()) return &it->second;
    name = it->second.link;
  }
  return nullptr;
}

bool Archive::has(std::string_view name) const { return member(name) != nullptr; }

std::optional<std::span<const std::byte>> Archive::find(std::string_view name, std::vector<std::byte>& buffer) const {
  const auto* found = member(name);
  if (!found) return std::nullopt;
  if (kept_) return std::span<const std::byte>(found->bytes);
  file_.demand_same();
  const auto too_large = [] { return Error("it has more than " + mib(largest_media) + ", the bound of one file"); };
  if (found->size > largest_media) throw too_large();
  From from{file_, found->at};
  const auto in = open_from(from, zip_);
  struct archive_entry* entry = nullptr;
  if (archive_read_next_header(in.get(), &entry) < ARCHIVE_WARN)
    throw Error("the archive's file is damaged" + reason(in.get()));
  buffer.clear();
  if (!take(in.get(), buffer, largest_media)) throw too_large();
  if (static_cast<std::int64_t>(buffer.size()) != found->size) throw Error("the archive's file is cut short");
  return std::span<const std::byte>(buffer);
}

ArchiveShelf::Entry& ArchiveShelf::entry(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto& slot = entries_[path];
  if (!slot) slot = std::make_unique<Entry>();
  return *slot;
}

void ArchiveShelf::want(const std::string& path, TextSet names) {
  auto& one = entry(path);
  const std::lock_guard lock(one.mutex);
  one.wanted.merge(names);
}

std::shared_ptr<const Archive> ArchiveShelf::get(const std::string& path) {
  auto& one = entry(path);
  const std::lock_guard lock(one.mutex);
  if (!one.archive) {
    one.archive = std::make_shared<const Archive>(path, one.wanted);
    one.wanted = {};
  }
  return one.archive;
}

}  // namespace braid::data
