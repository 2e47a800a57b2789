// Any bytes as an archive of media: members, or an error that names the archive; memory stays bounded.
#include "data/media.h"

#include "braid/component.h"

#include "driver.h"

using namespace braid;

// What a decompressor may ask for: libarchive bounds xz by 1 GiB.
const std::size_t fuzz::largest_piece = (std::size_t{1} << 30) + (std::size_t{16} << 20);

namespace {

constexpr std::int64_t memory = 1 << 20;

bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace

void fuzz::one(std::string_view input) {
  static const data::TextSet wanted{"a", "b", "1.jpg", "d/2.jpg"};
  const auto path = fuzz::file("input", input);
  std::optional<data::Archive> archive;
  try {
    archive.emplace(path, wanted, memory);
  } catch (const Error& error) {
    fuzz::demand(fuzz::says(error, path + ": error: ") && fuzz::says(error, "[media-unreadable]"),
                 "an error without its archive or code", error.what());
    return;
  }
  const bool compressed = data::Archive::is_compressed(path);
  std::int64_t held = 0;
  for (const char* name : {"a", "b", "1.jpg", "d/2.jpg", "", "../a", "./a", "other"}) {
    std::vector<std::byte> buffer, second;
    try {
      const auto found = archive->find(name, buffer);
      fuzz::demand(found.has_value() == archive->has(name), "a member is there and is not");
      if (!found) continue;
      fuzz::demand(static_cast<std::int64_t>(found->size()) <= data::largest_media, "a member above its bound");
      if (wanted.contains(name)) held += static_cast<std::int64_t>(found->size());
      const auto again = archive->find(name, second);
      fuzz::demand(again && same(*found, *again), "a member has two contents");
    } catch (const Error& error) {
      fuzz::demand(archive->has(name) && !compressed, "a member that is not there, or is in memory, is damaged",
                   error.what());
    }
  }
  // Names may be links to one member: each counts.
  fuzz::demand(!compressed || held <= memory * static_cast<std::int64_t>(wanted.size()),
               "an archive holds more than it may");
}
