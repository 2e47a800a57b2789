// Carrying values and masks through links and lists.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "graph/carry.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <doctest/doctest.h>

using namespace braid;

namespace {
at::Tensor bools(std::vector<std::int64_t> v) { return at::tensor(v).to(at::kBool); }
}  // namespace

TEST_CASE("a link gathers rows and their presence") {
  Flow from{at::arange(6, at::TensorOptions().dtype(at::kFloat)).view({3, 2}), bools({1, 0, 1}), {}, {}};
  const auto out = graph::carry(from, at::tensor(std::vector<std::int64_t>{2, 1, 2, 0}), {});
  CHECK(out.value.equal(at::tensor(std::vector<float>{4, 5, 2, 3, 4, 5, 0, 1}).view({4, 2})));
  CHECK(out.mask.equal(bools({1, 0, 1, 1})));
  CHECK_FALSE(out.list_mask.defined());
}

TEST_CASE("a list keeps its own mask and each wire's presence apart") {
  Flow from{at::arange(3, at::TensorOptions().dtype(at::kFloat)).add(1).view({3, 1}), bools({1, 0, 1}), {}, {}};
  const auto index = at::tensor(std::vector<std::int64_t>{1, 2, -1, -1}).view({2, 2});
  const auto list = bools({1, 1, 0, 0}).view({2, 2});
  const auto out = graph::carry(from, index, list);
  CHECK(out.list_mask.equal(list));
  CHECK(out.present.equal(bools({0, 1, 0, 0}).view({2, 2})));
  CHECK(out.mask.equal(out.present));
  CHECK(out.value.select(0, 1).abs().sum().item<float>() == 0);  // padded places read zeros, not row 0
  from.mask = at::Tensor();
  const auto full = graph::carry(from, index, list);
  CHECK(full.mask.equal(list));
  CHECK(full.present.equal(list));
}

TEST_CASE("masks with padded dims travel whole; a list over nothing is all padded") {
  const auto mask = bools({1, 1, 0, 1, 0, 0}).view({2, 3});
  Flow from{at::arange(6, at::TensorOptions().dtype(at::kLong)).view({2, 3}), mask, {}, {}};
  const auto index = at::tensor(std::vector<std::int64_t>{1, -1}).view({1, 2});
  const auto out = graph::carry(from, index, bools({1, 0}).view({1, 2}));
  CHECK(out.mask.equal(bools({1, 0, 0, 0, 0, 0}).view({1, 2, 3})));
  Flow none{at::zeros({0, 4}), bools({}), {}, {}};
  const auto empty =
      graph::carry(none, at::tensor(std::vector<std::int64_t>{-1, -1}).view({2, 1}), bools({0, 0}).view({2, 1}));
  CHECK(empty.value.sizes() == at::IntArrayRef({2, 1, 4}));
  CHECK_FALSE(empty.mask.any().item<bool>());
}
