#include "serve/arrays.h"

#include "graph/rows.h"
#include "model/temporary_folder.h"
#include "serve/npy.h"

#include <braid/component.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace braid;
using namespace braid::serve;
using braid::graph::join;
using braid::graph::rows_of;
namespace files = std::filesystem;
using braid::model::testing::bytes_of;
using braid::model::testing::Folder;

namespace {

void write(const std::string& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

std::string refused(const std::string& file) {
  try {
    load_npy(file);
  } catch (const Error& e) {
    return e.what();
  }
  return "it was read";
}

at::Tensor floats(std::vector<std::int64_t> sizes) {
  std::int64_t count = 1;
  for (const auto s : sizes) count *= s;
  return at::arange(count, at::TensorOptions().dtype(at::kFloat)).view(sizes);
}
at::Tensor wholes(std::vector<std::int64_t> values) { return at::tensor(values, at::TensorOptions().dtype(at::kLong)); }
at::Tensor bools(std::vector<std::int64_t> values, std::vector<std::int64_t> sizes) {
  return wholes(std::move(values)).to(at::kBool).view(sizes);
}

}  // namespace

TEST_CASE("npy: what is written is read again, of every kind and size") {
  const Folder folder;
  for (const auto& sizes : std::vector<std::vector<std::int64_t>>{{}, {0}, {1}, {7}, {3, 5}, {0, 4}, {2, 3, 4}})
    for (const auto type : {at::kFloat, at::kHalf, at::kLong, at::kBool}) {
      const auto tensor = floats(sizes).to(type);
      save_npy(folder / "a.npy", tensor);
      const auto again = load_npy(folder / "a.npy");
      CHECK((again.scalar_type() == type));
      CHECK(again.sizes() == tensor.sizes());
      CHECK(again.equal(tensor));
    }
  const auto turned = floats({3, 5}).t();
  save_npy(folder / "t.npy", turned);
  CHECK(load_npy(folder / "t.npy").equal(turned));
}

// Golden: numpy.save of arange(6, dtype=float32).reshape(2, 3), NumPy 2.4, byte for byte.
TEST_CASE("npy: the bytes that NumPy writes") {
  const Folder folder;
  save_npy(folder / "a.npy", floats({2, 3}));
  std::string golden("\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 69);
  golden.append(127 - golden.size(), ' ');
  golden += '\n';
  for (const float x : {0.f, 1.f, 2.f, 3.f, 4.f, 5.f}) golden.append(reinterpret_cast<const char*>(&x), 4);
  CHECK(bytes_of(folder / "a.npy") == golden);
  save_npy(folder / "b.npy", floats({3}));
  CHECK(bytes_of(folder / "b.npy").find("'shape': (3,), }") != std::string::npos);
}

TEST_CASE("npy: damaged files") {
  const Folder folder;
  save_npy(folder / "a.npy", floats({4, 3}));
  const auto good = bytes_of(folder / "a.npy");
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    write(folder / "b.npy", text);
    return refused(folder / "b.npy");
  };
  const auto is = [](const std::string& message, const char* part) {
    CHECK(message.find(part) != std::string::npos);
    CHECK(message.find("[export-folder]") != std::string::npos);
  };
  is(refused(folder / "none.npy"), "cannot be read");
  is(refused(folder.path.string()), "no file");
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{9}}) {
    write(folder / "b.npy", good.substr(0, size));
    is(refused(folder / "b.npy"), "no .npy file");
  }
  for (auto size = std::size_t{10}; size < good.size(); size += 7) {
    write(folder / "b.npy", good.substr(0, size));
    is(refused(folder / "b.npy"), "cut short");
  }
  write(folder / "b.npy", good + "x");
  is(refused(folder / "b.npy"), "another size");
  is(with("NUMPY", "NUMPX"), "version 1.0");
  is(with("<f4", ">f4"), "type");
  is(with("False", "True "), "row-major");
  is(with("(4, 3)", "(4, 4)"), "another size");
  is(with("(4, 3)", "(-4,3)"), "shape");
  is(with("(4, 3)", "(4; 3)"), "shape");
  is(with("(4, 3), }", "(9223372036854775807, 2)"), "shape");
  is(with("'shape'", "'sharp'"), "shape");
}

TEST_CASE("join: padded places, rows that can be absent, empty parts") {
  CHECK(!join({}).value.defined());
  const Flow two{floats({2, 2, 3}), bools({1, 0, 1, 1}, {2, 2}), {}, {}};
  const Flow one{floats({1, 1, 3}), {}, {}, {}};
  const auto both = join({one, two});
  CHECK(both.value.sizes() == at::IntArrayRef({3, 2, 3}));
  CHECK(both.mask.equal(bools({1, 0, 1, 0, 1, 1}, {3, 2})));
  CHECK(both.value.narrow(0, 0, 1).narrow(1, 0, 1).equal(one.value));
  CHECK(both.value.narrow(0, 0, 1).narrow(1, 1, 1).abs().sum().item<float>() == 0);
  CHECK(both.value.narrow(0, 1, 2).equal(two.value));
  // Places that differ are told by a mask though no part has one.
  CHECK(join({one, {two.value, {}, {}, {}}}).mask.equal(bools({1, 0, 1, 1, 1, 1}, {3, 2})));
  const Flow absent{floats({2, 3}), bools({0, 1}, {2}), {}, {}}, full{floats({1, 3}), {}, {}, {}},
      none{floats({0, 3}), {}, {}, {}};
  CHECK(join({full, none, absent}).mask.equal(bools({1, 0, 1}, {3})));
  CHECK(!join({full, none}).mask.defined());
}

TEST_CASE("rows_of: cut to what the rows use, as a batch has them") {
  const Flow from{floats({3, 4}), bools({1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0}, {3, 4}), {}, {}};
  const auto middle = rows_of(from, wholes({0, 1, 0}));
  CHECK(middle.value.sizes() == at::IntArrayRef({3, 3}));
  CHECK(middle.mask.equal(bools({1, 0, 0, 1, 1, 1, 1, 0, 0}, {3, 3})));
  const auto first = rows_of(from, wholes({0}));
  CHECK(first.value.sizes() == at::IntArrayRef({1, 1}));
  CHECK(!first.mask.defined());
  const auto last = rows_of(from, wholes({2}));
  CHECK(last.value.sizes() == at::IntArrayRef({1, 1}));
  CHECK(last.mask.equal(bools({0}, {1, 1})));
  CHECK(rows_of(from, wholes({})).value.size(0) == 0);
  const auto half = rows_of({floats({3, 2}).to(at::kHalf), bools({1, 0, 1}, {3}), {}, {}}, wholes({2, 1}));
  CHECK((half.value.scalar_type() == at::kFloat));
  CHECK(half.value.equal(at::tensor({4.f, 5.f, 2.f, 3.f}).view({2, 2})));
  CHECK(half.mask.equal(bools({1, 0}, {2})));
}

TEST_CASE("answers: numbers, lists, absent rows, numbers that are none") {
  std::string out;
  const auto text = [&](const Flow& flow, std::int64_t row) {
    return out.clear(), append_row(out, answer_of(flow), row), out;
  };
  CHECK(text({at::tensor({0.1f, -3.f, std::nanf(""), INFINITY, 1e-30f}), {}, {}, {}}, 0) == "0.1");
  CHECK(text({at::tensor({0.1f, -3.f, std::nanf(""), INFINITY, 1e-30f}), {}, {}, {}}, 1) == "-3");
  CHECK(text({at::tensor({0.1f, -3.f, std::nanf(""), INFINITY, 1e-30f}), {}, {}, {}}, 2) == "null");
  CHECK(text({at::tensor({0.1f, -3.f, std::nanf(""), INFINITY, 1e-30f}), {}, {}, {}}, 3) == "null");
  CHECK(text({at::tensor({0.1f, -3.f, std::nanf(""), INFINITY, 1e-30f}), {}, {}, {}}, 4) == "1e-30");
  CHECK(text({floats({2, 3}), {}, {}, {}}, 1) == "[3,4,5]");
  CHECK(text({floats({2, 2, 2}), bools({1, 0}, {2}), {}, {}}, 0) == "[[0,1],[2,3]]");
  CHECK(text({floats({2, 2, 2}), bools({1, 0}, {2}), {}, {}}, 1) == "null");
  CHECK(text({wholes({7}), {}, {}, {}}, 0) == "7");
}
