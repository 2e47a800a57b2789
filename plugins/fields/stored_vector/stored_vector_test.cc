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
