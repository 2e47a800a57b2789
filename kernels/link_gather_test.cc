// The vectorised link gather against the plain loops, bit for bit, whatever the sizes and ranges.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "kernels/link_gather.h"

#include <algorithm>
#include <random>
#include <vector>

namespace {

using braid::kernels::link_gather;
using braid::kernels::link_gather_backward;
using braid::kernels::link_gather_backward_plain;
using braid::kernels::link_gather_cut;
using braid::kernels::link_gather_order;
using braid::kernels::link_gather_plain;
using braid::kernels::link_gather_stray;
using std::int64_t;

struct Case {
  int64_t n, m, dim;
  bool skewed = false;
};

std::vector<int64_t> make_index(const Case& c, std::mt19937_64& random) {
  std::vector<int64_t> index(static_cast<std::size_t>(c.m), -1);
  for (auto& at : index) {
    if (c.n == 0 || random() % 7 == 0) continue;
    at = static_cast<int64_t>(random() % static_cast<std::uint64_t>(c.skewed && random() % 2 ? 1 : c.n));
  }
  return index;
}

template <typename T>
std::vector<T> make_values(int64_t count, std::mt19937_64& random) {
  std::vector<T> values(static_cast<std::size_t>(count));
  for (auto& v : values) v = static_cast<T>(static_cast<double>(random() % 2000001) * 1e-6 - 1.0);
  return values;
}

template <typename T>
void check(const Case& c) {
  CAPTURE(c.n);
  CAPTURE(c.m);
  CAPTURE(c.dim);
  std::mt19937_64 random(static_cast<std::uint64_t>(c.n * 1000003 + c.m * 101 + c.dim));
  const auto index = make_index(c, random);
  const auto x = make_values<T>(c.n * c.dim, random), grad = make_values<T>(c.m * c.dim, random);

  std::vector<T> want(grad.size(), T{7}), got(grad.size(), T{8});
  link_gather_plain(x.data(), c.dim, index.data(), c.m, want.data());
  const auto middle = c.m / 3;
  link_gather(x.data(), c.dim, index.data(), middle, c.m, got.data());
  link_gather(x.data(), c.dim, index.data(), 0, middle, got.data());
  CHECK(want == got);

  std::vector<T> want_x(x.size(), T{7});
  link_gather_backward_plain(grad.data(), c.dim, index.data(), c.m, c.n, want_x.data());
  std::vector<int64_t> start(static_cast<std::size_t>(c.n + 1)), order(index.size());
  link_gather_order(index.data(), c.m, c.n, start.data(), order.data());
  for (const int64_t parts : {1, 2, 3, 13}) {
    std::vector<T> got_x(x.size(), T{8});
    CHECK(link_gather_cut(start.data(), c.n, 0, parts) == 0);
    CHECK(link_gather_cut(start.data(), c.n, parts, parts) == c.n);
    for (int64_t p = parts; p-- > 0;) {
      link_gather_backward(grad.data(), c.dim, start.data(), order.data(), link_gather_cut(start.data(), c.n, p, parts),
                           link_gather_cut(start.data(), c.n, p + 1, parts), got_x.data());
    }
    CHECK(want_x == got_x);
  }
}

}  // namespace

TEST_CASE("forward and backward equal the plain loops to the bit") {
  const Case cases[] = {{0, 0, 4},
                        {0, 5, 3},
                        {1, 0, 8},
                        {1, 1, 1},
                        {1, 9, 7},
                        {5, 1, 64},
                        {3, 2, 0},
                        {7, 31, 33},
                        {40, 99, 8},
                        {17, 400, 64},
                        {100, 1001, 129, true},
                        {64, 513, 200, true}};
  for (const auto& c : cases) {
    check<float>(c);
    check<double>(c);
  }
}

TEST_CASE("the order lists, for each row, who points at it, ascending") {
  const std::vector<int64_t> index = {2, -1, 0, 2, 2, -1, 3};
  std::vector<int64_t> start(6), order(7, -5);
  link_gather_order(index.data(), 7, 5, start.data(), order.data());
  CHECK(start == std::vector<int64_t>{0, 1, 1, 4, 5, 5});
  CHECK(order == std::vector<int64_t>{2, 0, 3, 4, 6, -5, -5});
}

TEST_CASE("the cut gives a popular row a part of its own") {
  const std::vector<int64_t> start = {0, 900, 901, 902, 903, 904};
  CHECK(link_gather_cut(start.data(), 5, 1, 2) == 1);
}

TEST_CASE("an index beyond the rows is found") {
  const std::vector<int64_t> index = {0, -3, 4, 9};
  CHECK(link_gather_stray(index.data(), 4, 10) == -1);
  CHECK(link_gather_stray(index.data(), 4, 9) == 3);
  CHECK(link_gather_stray(index.data(), 4, 4) == 2);
  CHECK(link_gather_stray(index.data(), 0, 0) == -1);
}
