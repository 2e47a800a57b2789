// Archives: members read on demand, compressed tars within bounds, and files that change or are cut short.
#include "data/media.h"

#include "tests/toys/components.h"

#include <doctest/doctest.h>

#include <archive.h>
#include <archive_entry.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace braid;
using namespace braid::data;
using namespace braid::data::testing;
namespace files = std::filesystem;

namespace {

struct Given {
  std::string name, text, link;
};

// format: tar, zip, zip of stored members; filter: none, gzip, bzip2.
std::string pack(const std::string& path, const std::string& format, const std::vector<Given>& given,
                 const std::string& filter = "") {
  auto* out = archive_write_new();
  if (filter == "gzip") archive_write_add_filter_gzip(out);
  if (filter == "bzip2") archive_write_add_filter_bzip2(out);
  if (format == "tar") archive_write_set_format_pax_restricted(out);
  else archive_write_set_format_zip(out);
  if (format == "stored") archive_write_set_options(out, "zip:compression=store");
  REQUIRE(archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK);
  for (const auto& [name, text, link] : given) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<std::int64_t>(text.size()));
    if (!link.empty()) archive_entry_set_hardlink(entry, link.c_str());
    archive_write_header(out, entry);
    if (!text.empty()) archive_write_data(out, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return path;
}

std::string read(const Archive& archive, std::string_view name) {
  std::vector<std::byte> buffer;
  const auto found = archive.find(name, buffer);
  return found ? std::string(reinterpret_cast<const char*>(found->data()), found->size()) : "absent";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint64_t state = 1;
  for (auto& c : out) c = static_cast<char>((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
  return out;
}

}  // namespace

TEST_CASE("archives: every form gives the same bytes, also under long and odd names") {
  const Folder f;
  const std::string name(180, 'x');
  const std::vector<Given> given{{"a.jpg", "first", ""},
                                 {"./posters/" + name + ".jpg", noise(300000), ""},
                                 {"é.jpg", "", ""},
                                 {"a.jpg", "second", ""},
                                 {"last.jpg", noise(70000), ""}};
  const TextSet wanted{"a.jpg", "posters/" + name + ".jpg", "é.jpg", "last.jpg", "none.jpg"};
  const std::pair<std::string, std::string> forms[] = {
      {"tar", ""}, {"zip", ""}, {"stored", ""}, {"tar", "gzip"}, {"tar", "bzip2"}};
  for (const auto& [format, filter] : forms) {
    CAPTURE(format + filter);
    const auto path = pack(f.path() + "/" + format + filter, format, given, filter);
    CHECK(Archive::is_compressed(path) == !filter.empty());
    const Archive archive(path, wanted);
    CHECK(read(archive, "a.jpg") == "second");  // of two the later one counts
    CHECK(read(archive, "./a.jpg") == "second");
    CHECK(read(archive, "posters/" + name + ".jpg") == given[1].text);
    CHECK(read(archive, "é.jpg") == "");
    CHECK(read(archive, "last.jpg") == given[4].text);
    CHECK(archive.has("é.jpg"));
    CHECK(!archive.has("none.jpg"));
    CHECK(read(archive, "none.jpg") == "absent");
  }
}

TEST_CASE("archives: a hard link is the file that it links to") {
  const Folder f;
  const std::vector<Given> given{{"one.jpg", "picture", ""}, {"two.jpg", "", "one.jpg"}};
  CHECK(read(Archive(pack(f.path() + "/a.tar", "tar", given), {}), "two.jpg") == "picture");
  // Of the compressed one only the link is wanted.
  CHECK(read(Archive(pack(f.path() + "/a.tgz", "tar", given, "gzip"), {"two.jpg"}), "two.jpg") == "picture");
}

TEST_CASE("compressed tars: what no row names takes no memory, what rows name has bounds") {
  const Folder f;
  const std::string large(largest_media + 1, '\0');
  const auto path = pack(f.path() + "/a.tar.gz", "tar",
                         {{"dump.sql", large, ""}, {"a.jpg", noise(5000), ""}, {"b.jpg", noise(5000), ""}}, "gzip");
  CHECK(files::file_size(path) < 100000);
  const Archive archive(path, {"a.jpg", "b.jpg"});
  CHECK(archive.members() == 2);
  CHECK(!archive.has("dump.sql"));
  auto message = message_of([&] { Archive(path, {"dump.sql"}); });
  CHECK(has(message, path + ": error: file 'dump.sql' of the archive has more than 64 MiB"));
  message = message_of([&] { Archive(path, {"a.jpg", "b.jpg"}, 9999); });
  CHECK(has(message, path + ": error: the files of the archive that rows name take more than"));
  CHECK(has(message, "at file 'b.jpg'"));
  CHECK(has(message, "make a .tar or .zip"));
  // A zip says the size, and may lie: the bound holds for what comes out.
  const auto zip = pack(f.path() + "/a.zip", "zip", {{"dump.sql", large, ""}, {"a.jpg", "a", ""}});
  const Archive other(zip, {});
  CHECK(has(message_of([&] { read(other, "dump.sql"); }), "more than 64 MiB"));
  CHECK(read(other, "a.jpg") == "a");
}

TEST_CASE("archives that are damaged, cut short or changed are errors that name them") {
  const Folder f;
  const std::vector<Given> given{{"a.jpg", noise(40000), ""}, {"b.jpg", noise(40000), ""}};
  for (const std::string format : {"tar", "zip", "stored"}) {
    CAPTURE(format);
    const auto path = pack(f.path() + "/x." + format, format, given);
    const auto size = files::file_size(path);
    {
      const Archive archive(path, {});
      files::resize_file(path, size / 2);
      const auto message = message_of([&] { read(archive, "b.jpg"); });
      CHECK(has(message, path + ": error: the archive was changed while it was in use [media-unreadable]"));
    }
    CHECK(has(message_of([&] { Archive(path, {}); }), path + ": error: "));
    pack(path, format, given);
    std::fstream flip(path, std::ios::in | std::ios::out | std::ios::binary);
    flip.seekp(static_cast<std::streamoff>(size / 4));
    flip.write("\xff\x00\xff\x00", 4);
    flip.close();
    const Archive archive(path, {});
    if (format != "tar") CHECK(has(message_of([&] { read(archive, "a.jpg"); }), "damaged"));  // a tar has no checksums
    CHECK(read(archive, "b.jpg") == given[1].text);
  }
  CHECK(has(message_of([&] { Archive(f.path() + "/none.zip", {}); }), "none.zip: error: "));
  CHECK(has(message_of([&] { Archive(f.write("text.zip", "PK\3\4, or so it says"), {}); }), "no directory at its end"));
  CHECK(has(message_of([&] { Archive(f.write("short.tar.gz", "\x1f\x8b\x08"), {}); }), "short.tar.gz: error: "));
  CHECK(Archive(f.write("empty.tar", ""), {}).members() == 0);
  CHECK(Archive(f.write("zeros.tar", std::string(1024, '\0')), {}).members() == 0);
}

TEST_CASE("files of a folder: a name with NUL, a folder in a file's place, a file that is too large") {
  const Folder f;
  const Media media(f.path() + "/{item}.jpg");
  std::vector<std::byte> buffer;
  const auto why = [&](const std::string& name) { return message_of([&] { media.read(name, buffer); }); };
  f.write("folder.jpg/inside", "x");
  CHECK(has(why(f.path() + "/folder.jpg"), "it is no file"));
  f.write("secret", "x");
  CHECK(has(why(f.path() + "/secret" + std::string(1, '\0') + ".jpg"), "NUL"));
  f.write("large.jpg", "");
  files::resize_file(f.path() + "/large.jpg", largest_media + 1);
  CHECK(has(why(f.path() + "/large.jpg"), "more than 64 MiB"));
  CHECK(!media.read(f.path() + "/none.jpg", buffer));
  CHECK(!media.exists(f.path() + "/none.jpg"));
  CHECK(media.exists(f.path() + "/large.jpg"));
}

TEST_CASE("archives: what a file begins with starts no program") {
  const Folder f;
  const auto path = std::string(std::getenv("PATH"));
  const auto started = f.path() + "/started";
  for (const char* name : {"lrzip", "grzip", "lzop"}) {
    const auto program = f.write(name, "#!/bin/sh\n: > '" + started + "'\n");
    files::permissions(program, files::perms::owner_all);
  }
  ::setenv("PATH", (f.path() + ":" + path).c_str(), 1);
  const std::string lrzip("LRZI\0\6", 6), grzip("GRZipII\0\2\4:)", 12), lzop("\x89LZO\0\r\n\x1a\n", 9);
  for (const auto& start : {lrzip, grzip, lzop})
    CHECK(has(message_of([&] { Archive(f.write("x.tar", start + noise(4000)), {}); }), "[media-unreadable]"));
  ::setenv("PATH", path.c_str(), 1);
  CHECK(!files::exists(started));
}
