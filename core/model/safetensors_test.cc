#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "model/safetensors.h"

#include "model/temporary_folder.h"

#include <braid/component.h>

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace braid::model;
namespace files = std::filesystem;
using braid::model::testing::bytes_of;
using braid::model::testing::Folder;

TEST_CASE("what is written is read again, bit for bit, empty and transposed tensors too") {
  const Folder folder;
  const auto a = at::arange(6, at::TensorOptions().dtype(at::kFloat)).view({2, 3}).t();
  const auto b = at::empty({0, 4}, at::TensorOptions().dtype(at::kDouble));
  save_safetensors(folder / "w.safetensors", {{"a", a}, {"b.c", b}}, {{"step", "7"}});
  const auto back = load_safetensors(folder / "w.safetensors");
  REQUIRE(back.size() == 2);
  CHECK(back.at("a").equal(a));
  CHECK(back.at("b.c").sizes() == b.sizes());
  CHECK_FALSE(files::exists(folder / "w.safetensors.part"));
  save_safetensors(folder / "none.safetensors", {});
  CHECK(load_safetensors(folder / "none.safetensors").empty());
}

TEST_CASE("the bytes are those of the format: length, header, data in row-major order") {
  const Folder folder;
  save_safetensors(folder / "w", {{"x", at::arange(2, at::TensorOptions().dtype(at::kFloat))}});
  const auto bytes = bytes_of(folder / "w");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(bytes.size() == 8 + length + 8);
  CHECK(bytes.substr(8, length).find(R"("x":{"data_offsets":[0,8],"dtype":"F32","shape":[2]})") != std::string::npos);
  float values[2];
  std::memcpy(values, bytes.data() + 8 + length, 8);
  CHECK(values[0] == 0);
  CHECK(values[1] == 1);
}

TEST_CASE("damaged files are refused with their name") {
  const Folder folder;
  save_safetensors(folder / "w", {{"x", at::arange(40, at::TensorOptions().dtype(at::kFloat))}});
  const auto good = bytes_of(folder / "w");
  for (const std::size_t length : {std::size_t{0}, std::size_t{5}, std::size_t{20}, good.size() - 1}) {
    std::ofstream(folder / "cut", std::ios::binary) << good.substr(0, length);
    CHECK_THROWS_AS(load_safetensors(folder / "cut"), braid::Error);
  }
  auto wrong = good;
  wrong.replace(wrong.find("\"shape\":[40]"), 12, "\"shape\":[41]");
  std::ofstream(folder / "wrong", std::ios::binary) << wrong;
  CHECK_THROWS_WITH_AS(load_safetensors(folder / "wrong"), doctest::Contains("'x' does not lie inside"), braid::Error);
  CHECK_THROWS_AS(load_safetensors(folder / "absent"), braid::Error);
  for (const auto* shape : {"[3200000000000,32]", "[4611686018427387904,16]"}) {  // the second overflows to 0
    auto huge = good;
    huge.replace(huge.find("[40]"), 4, shape);
    const std::uint64_t length = huge.rfind('}') + 1 - 8;
    std::memcpy(huge.data(), &length, 8);
    std::ofstream(folder / "huge", std::ios::binary) << huge;
    CHECK_THROWS_WITH_AS(load_safetensors(folder / "huge"), doctest::Contains("'x' does not lie inside"), braid::Error);
  }
}

TEST_CASE("one changed bit anywhere is noticed; metadata comes back") {
  const Folder folder;
  const auto flags = at::arange(5, at::TensorOptions().dtype(at::kLong)).gt(2);
  save_safetensors(folder / "w", {{"x", at::arange(3, at::TensorOptions().dtype(at::kFloat))}, {"flags", flags}},
                   {{"state", "{\"step\":3}"}});
  std::map<std::string, std::string> metadata;
  CHECK(load_safetensors(folder / "w", &metadata).at("flags").equal(flags));
  CHECK(metadata.at("state") == "{\"step\":3}");
  const auto good = bytes_of(folder / "w");
  for (std::size_t k = 0; k < good.size(); ++k) {
    auto bad = good;
    bad[k] = static_cast<char>(bad[k] ^ 4);
    std::ofstream(folder / "bad", std::ios::binary) << bad;
    bool noticed = false;
    try {
      load_safetensors(folder / "bad", &metadata);
      noticed = !metadata.count("digest");  // its very name was hit
    } catch (const braid::Error&) {
      noticed = true;
    }
    CHECK_MESSAGE(noticed, "byte " << k);
  }
}

TEST_CASE("a folder that is not there is an error, and leaves nothing behind") {
  const Folder folder;
  CHECK_THROWS_WITH_AS(write_file(folder / "no/such/file", "x"), doctest::Contains("cannot be written"), braid::Error);
}
