// Where weights start: rows of embedding tables by their keys, whatever other rows there are.
#include "sdk/state.h"

#include <ATen/ops/equal.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;

namespace {

struct Ids final : Tower {
  In id{*this, "id", "id(n)[rows]", "ids"};
  Out vector{*this, "vector", "float[rows, dim]", "rows"};
  Param<std::int64_t> dim{*this, "dim", 5, "Width."};
  Param<std::string> how{*this, "how", "normal", "How rows start."};
  Table rows{*this, "rows", "n", "dim", start()};

  Start start() const {
    if (how() == "normal") return {Start::normal, 0.5, false, true};
    if (how() == "uniform") return {Start::uniform, 2.0, false, false};
    return {Start::xavier_uniform};
  }
  void run(Frame&) override {}
};

at::Tensor rows_of(const std::vector<std::uint64_t>& keys, std::int64_t rows, std::uint64_t seed,
                   const std::string& how = "normal", std::int64_t dim = 5, const std::string& node = "item",
                   at::ScalarType type = at::kDouble) {
  const auto component =
      construct([]() -> std::unique_ptr<Component> { return std::make_unique<Ids>(); }, {{"dim", dim}, {"how", how}}, {});
  set_sizes(*component, {{"n", rows}, {"dim", dim}});
  make_weights(*component, node, seed, type, [&](std::size_t) { return keys; });
  return component->state().weights[0].value.detach();
}

}  // namespace

TEST_CASE("a row's start follows its key: other rows, their number and their order change nothing") {
  const auto three = rows_of({0, 11, 12}, 3, 1);
  const auto five = rows_of({0, 99, 12, 7, 11}, 5, 1);
  CHECK(at::equal(three.select(0, 1), five.select(0, 4)));
  CHECK(at::equal(three.select(0, 2), five.select(0, 2)));
  CHECK(five.select(0, 0).abs().max().item<double>() == 0);  // the unknown row
  CHECK_FALSE(at::equal(five.select(0, 1), five.select(0, 2)));
}

TEST_CASE("without keys a row's number is its key: a longer table starts like the shorter one") {
  const auto shorter = rows_of({}, 4, 1), longer = rows_of({}, 9, 1);
  CHECK(at::equal(shorter, longer.narrow(0, 0, 4)));
}

TEST_CASE("seed, weight and element decide") {
  const auto one = rows_of({}, 4, 1);
  CHECK_FALSE(at::equal(one, rows_of({}, 4, 2)));
  CHECK_FALSE(at::equal(one, rows_of({}, 4, 1, "normal", 5, "other")));
  CHECK(at::equal(rows_of({}, 4, 1, "normal", 3), rows_of({}, 4, 1, "normal", 7).narrow(1, 0, 3)));
  // Float is the rounded double.
  CHECK(at::equal(one.to(at::kFloat), rows_of({}, 4, 1, "normal", 5, "item", at::kFloat)));
}

TEST_CASE("the declared distributions") {
  // Four standard deviations each. Of n draws with deviation s the mean has the deviation s / sqrt(n). The squares have
  // the variance 2 s^4 (normal) or h^4 (1/5 - 1/9) (uniform of half-width h), their mean the n-th part of it.
  const std::int64_t rows = 4001, dim = 25;
  const double n = static_cast<double>((rows - 1) * dim);
  auto x = rows_of({}, rows, 3, "normal", dim).narrow(0, 1, rows - 1);
  CHECK(std::abs(x.mean().item<double>()) < 4 * 0.5 / std::sqrt(n));
  CHECK(std::abs(x.square().mean().item<double>() - 0.25) < 4 * 0.25 * std::sqrt(2 / n));
  // Of a normal distribution 4.55 % lie beyond two deviations.
  const double share = 0.0455, beyond = x.abs().gt(1.0).sum().item<double>() / n;
  CHECK(std::abs(beyond - share) < 4 * std::sqrt(share * (1 - share) / n) + 5e-5);

  x = rows_of({}, rows, 3, "uniform", dim).narrow(0, 1, rows - 1);
  CHECK(x.abs().max().item<double>() <= 2);
  CHECK(x.abs().max().item<double>() > 1.99);
  CHECK(std::abs(x.mean().item<double>()) < 4 * 2 / std::sqrt(3 * n));
  CHECK(std::abs(x.square().mean().item<double>() - 4.0 / 3) < 4 * 4 * std::sqrt((1.0 / 5 - 1.0 / 9) / n));

  // sqrt(6 / (1 + dim)), whatever the number of rows.
  CHECK(rows_of({}, rows, 3, "xavier", 5).abs().max().item<double>() <= 1);
  CHECK(rows_of({}, rows, 3, "xavier", 5).abs().max().item<double>() > 0.99);
}

TEST_CASE("sizes 0 and 1; keys that are too few are a fault") {
  CHECK(rows_of({}, 0, 1).size(0) == 0);
  CHECK(rows_of({}, 1, 1, "uniform").size(0) == 1);
  CHECK_THROWS_AS(rows_of({1, 2}, 3, 1), std::logic_error);
}
