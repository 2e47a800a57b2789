// Stored vectors: files of tools/goldens/stored_vector.py, and what is wrong with others.
#include <braid/conform.h>

#include <filesystem>
#include <fstream>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "stored_vector_golden.h"

using namespace braid;
using namespace braid::conform;

namespace {

// Files of one test, removed after it.
struct Folder {
  std::filesystem::path path;
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "braid-stored-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return {(path / name).string()};
  }
};

std::string said(const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the same vectors from every file and element type; what is not there is absent") {
  const Folder folder;
  const std::vector<double> second{0.5, 4, -0.25};
  for (const auto& [name, bytes] : golden_vectors) {
    Values values{{"vectors", folder.write(name, bytes)}};
    if (std::string(name).find("two") != std::string::npos) values["tensor"] = std::string("b");
    FieldAtWork at_work("stored_vector", values);
    CHECK(at_work.field().sizes().at("width") == 3);
    CHECK_MESSAGE(differs(at_work.read("1"), second, 0) == "", name);
    for (const auto* cell : {"2", "-1", "1.0", "", "one"}) CHECK_FALSE(at_work.read(cell).defined());
  }
}

TEST_CASE("keys name rows, as text or as whole numbers") {
  const Folder folder;
  const auto vectors = folder.write("v.npy", golden_vectors[0].bytes);
  const FieldAtWork text("stored_vector", {{"vectors", vectors}, {"keys", folder.write("k.txt", "tt01\r\ntt 2\n")}});
  CHECK(differs(text.read("tt 2"), {0.5, 4, -0.25}, 0) == "");
  CHECK(differs(text.read("tt01"), {1, -2, 3}, 0) == "");
  CHECK_FALSE(text.read("1").defined());
  for (const auto& bytes : golden_keys) {
    const FieldAtWork whole("stored_vector", {{"vectors", vectors}, {"keys", folder.write("k.npy", bytes)}});
    CHECK(differs(whole.read("-5"), {0.5, 4, -0.25}, 0) == "");
    CHECK(differs(whole.read("3952"), {1, -2, 3}, 0) == "");
  }
}

TEST_CASE("a model goes on without its file until a vector is asked for") {
  const Folder folder;
  const Values values{{"vectors", folder.write("v.npy", golden_vectors[0].bytes)}};
  const auto saved = FieldAtWork("stored_vector", values).field().save();
  CHECK(differs(FieldAtWork("stored_vector", values, {}, saved).read("1"), {0.5, 4, -0.25}, 0) == "");
  std::filesystem::remove(folder.path / "v.npy");
  FieldAtWork without("stored_vector", values, {}, saved);
  CHECK(without.field().sizes().at("width") == 3);
  CHECK(said([&] { without.read("1"); }).find("is not here, which holds the vector of '1'") != std::string::npos);
}

TEST_CASE("files that are cut short or say other than they hold are errors, at every length") {
  const Folder folder;
  for (const auto& [name, bytes] : golden_vectors)
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      Values values{{"vectors", folder.write("cut", std::string_view(bytes).substr(0, length))}};
      if (std::string(name).find("two") != std::string::npos) values["tensor"] = std::string("b");
      CHECK_MESSAGE(said([&] { FieldAtWork("stored_vector", values); }) != "", name, length);
    }
  const auto vectors = folder.write("v.npy", golden_vectors[0].bytes);
  const auto complaint = [&](const std::string& keys) {
    return said([&] { FieldAtWork("stored_vector", {{"vectors", vectors}, {"keys", folder.write("k", keys)}}); });
  };
  CHECK(complaint("a\n").find("has 1 keys") != std::string::npos);
  CHECK(complaint("a\na\n").find("names a key twice") != std::string::npos);
  CHECK(said([&] {
          FieldAtWork("stored_vector", {{"vectors", folder.write("k.npy", golden_keys[0])}});
        }).find("holds whole numbers") != std::string::npos);
  for (const auto& bytes : golden_bad)
    CHECK(said([&] { FieldAtWork("stored_vector", {{"vectors", folder.write("bad", bytes)}}); }) != "");
}

TEST_CASE("keys with backslashes and line breaks, as export writes them; files of other programs") {
  const Folder folder;
  const auto vectors = folder.write("v.npy", golden_vectors[0].bytes);
  const FieldAtWork odd("stored_vector",
                        {{"vectors", vectors}, {"keys", folder.write("k.txt", "back\\\\slash\nline\\nbreak\\r\n")}});
  CHECK(differs(odd.read("back\\slash"), {1, -2, 3}, 0) == "");
  CHECK(differs(odd.read("line\nbreak\r"), {0.5, 4, -0.25}, 0) == "");
  const FieldAtWork mark("stored_vector",
                         {{"vectors", vectors}, {"keys", folder.write("m.txt", "\xEF\xBB\xBFi1\r\n\r\n")}});
  CHECK(differs(mark.read("i1"), {1, -2, 3}, 0) == "");
  CHECK(differs(mark.read(""), {0.5, 4, -0.25}, 0) == "");
  const auto wrong = folder.write("w.txt", "a\nC:\\temp\n");
  CHECK(said([&] {
          FieldAtWork("stored_vector", {{"vectors", vectors}, {"keys", wrong}});
        }).find("w.txt, line 2: 'C:\\temp' has a backslash that escapes nothing") != std::string::npos);
  const auto misleading = folder.write("e.txt", "a: error: \\x\n");  // no key is taken for a message's place
  CHECK(said([&] {
          FieldAtWork("stored_vector", {{"vectors", vectors}, {"keys", misleading}});
        }).find("e.txt, line 1: ") != std::string::npos);
}

TEST_CASE("a file that is cut short or changed while it is in use is an error that names it") {
  const Folder folder;
  for (const auto& [name, bytes] : golden_vectors) {
    const auto path = folder.write("v", bytes);
    Values values{{"vectors", path}};
    if (std::string(name).find("two") != std::string::npos) values["tensor"] = std::string("b");
    const FieldAtWork at_work("stored_vector", values);
    std::filesystem::resize_file(path.text, 40);
    const auto text = said([&] { at_work.read("1"); });
    CHECK_MESSAGE(text.find(path.text + ": error: was changed or cut short while it was in use") == 0, name, text);
  }
  // Another version under the same name: who has the old one open keeps it.
  const auto path = folder.write("w.npy", golden_vectors[0].bytes);
  const FieldAtWork at_work("stored_vector", {{"vectors", path}});
  std::filesystem::rename(folder.write("new", "short").text, path.text);
  CHECK(differs(at_work.read("1"), {0.5, 4, -0.25}, 0) == "");
}

TEST_CASE("headers that lie, numbers that are none") {
  const Folder folder;
  const auto npy = [&](const std::string& descr, const std::string& order, const std::string& shape,
                       const std::string& data) {
    auto header = "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }";
    header.resize(117, ' ');
    header += '\n';
    return folder.write("x.npy", std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(118) + '\0' + header + data);
  };
  const auto why = [](const Path& path) { return said([&] { FieldAtWork("stored_vector", {{"vectors", path}}); }); };
  const std::string six(24, '\0');
  CHECK(why(npy("<f4", "False", "2, 3", six)) == "");
  CHECK(why(npy("<f4", "False", "-2, 3", six)).find("has the shape (-2, 3), which is none") != std::string::npos);
  CHECK(why(npy("<f4", "False", "2; 3", six)).find("which is none") != std::string::npos);
  CHECK(why(npy("<f4", "False", "4611686018427387904, 4", "")).find("needs") != std::string::npos);
  CHECK(why(npy("<f4", "False", "99999999999999999999, 4", "")).find("which is none") != std::string::npos);
  CHECK(why(npy("<f4", "False", "1, 2, 3", six)).find("3 dims") != std::string::npos);
  CHECK(why(npy(">f4", "False", "2, 3", six)).find("type >f4") != std::string::npos);
  CHECK(why(npy("<f4", "True", "2, 3", six)).find("column by column") != std::string::npos);
  auto huge = std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12) + six;
  CHECK(why(folder.write("h.npy", huge)).find("ends inside its header") != std::string::npos);
  const std::string nan{'\0', '\0', '\xc0', '\x7f'};
  FieldAtWork broken("stored_vector",
                     {{"vectors", npy("<f4", "False", "2, 3", six.substr(0, 16) + nan + six.substr(0, 4))}});
  CHECK(broken.read("0").defined());
  CHECK(said([&] { broken.read("1"); }).find("the vector of '1', holds nan") != std::string::npos);
}
