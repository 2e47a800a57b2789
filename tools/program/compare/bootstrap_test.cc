#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "bootstrap.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

using namespace braid::tools;

namespace {

struct World {
  ComparedRows rows;
  std::vector<float> a, b;
};

// As tools/goldens/bootstrap.py has it.
World world(int rows, int groups) {
  World out;
  for (std::int64_t k = 0; k < rows; ++k) {
    const auto group = (k * k * 7 + k / 5) % groups;
    const bool label = (k * 37) % 11 < 4 && group != 3;
    out.rows.key.push_back(k);
    out.rows.group.push_back(group);
    out.rows.label.push_back(label);
    out.a.push_back(static_cast<float>((k * 13) % 17 + 3 * label));
    out.b.push_back(static_cast<float>((k * 29) % 19 + 5 * label * (group % 2)));
  }
  return out;
}

struct Golden {
  const char* metric;
  double first, second, difference, low, high, other;
};

}  // namespace

TEST_CASE("draws are those of tools/goldens/bootstrap.py") {
  const std::vector<std::uint32_t> golden{18, 21, 11, 14, 17, 20};
  for (std::size_t k = 0; k < golden.size(); ++k) CHECK(bootstrap_draw(7, 3, k, 23) == golden[k]);
}

TEST_CASE("figures, intervals and shares are those of tools/goldens/bootstrap.py") {
  const Golden golden[] = {{"auc", 0.6501785714285715, 0.6026923076923076, -0.047486263736263856, -0.14143808554365891,
                            0.012348971033673276, 0.06},
                           {"grouped_auc", 0.7289793021091397, 0.588420551326898, -0.14055875078224178,
                            -0.2255190529270503, -0.066341536467832, 0.0},
                           {"ndcg@10", 0.7474443547400415, 0.6126577995613111, -0.1347865551787304, -0.2078493140244964,
                            -0.06138961455867753, 0.0}};
  const auto w = world(400, 23);
  const auto all = paired_bootstrap(w.rows, {w.a}, {w.b}, 50, 7);
  CHECK(all.groups == 23);
  CHECK(all.rows == 400);
  REQUIRE(all.figures.size() == 3);
  // Sums of at most 400 terms of at most 1 each, in double: 400 * 2^-53 is 4.4e-14, on both sides.
  const auto near = [](double x, double y) { return std::abs(x - y) < 2e-13; };
  for (std::size_t m = 0; m < 3; ++m) {
    const auto& f = all.figures[m];
    CAPTURE(f.metric);
    CHECK(f.metric == golden[m].metric);
    CHECK(near(f.first, golden[m].first));
    CHECK(near(f.second, golden[m].second));
    CHECK(near(f.difference, golden[m].difference));
    CHECK(near(f.low, golden[m].low));
    CHECK(near(f.high, golden[m].high));
    CHECK(near(f.other_sign, golden[m].other));
    CHECK(f.defined == 50);
  }
}

TEST_CASE("two equal runs differ by exactly nothing") {
  const auto w = world(400, 23);
  for (const auto& f : paired_bootstrap(w.rows, {w.a}, {w.a}, 100, 1).figures) {
    CHECK(f.first == f.second);
    CHECK(f.difference == 0);
    CHECK(f.low == 0);
    CHECK(f.high == 0);
    CHECK(f.other_sign == 0.5);
  }
}

TEST_CASE("the sides changed are the differences turned over; seeds are averaged") {
  const auto w = world(400, 23);
  const auto ab = paired_bootstrap(w.rows, {w.a}, {w.b}, 50, 7), ba = paired_bootstrap(w.rows, {w.b}, {w.a}, 50, 7);
  const auto mean = paired_bootstrap(w.rows, {w.a}, {w.a, w.b}, 50, 7);
  for (std::size_t m = 0; m < 3; ++m) {
    CHECK(ba.figures[m].difference == -ab.figures[m].difference);
    CHECK(ba.figures[m].low == doctest::Approx(-ab.figures[m].high));
    CHECK(ba.figures[m].other_sign == ab.figures[m].other_sign);
    CHECK(mean.figures[m].difference == doctest::Approx(ab.figures[m].difference / 2));
  }
}

TEST_CASE("what is not defined in a resample is left out of it, and told") {
  // One positive row, in one of two groups, each with a negative one: both draws pass it by in a quarter of the cases.
  const ComparedRows rows{{0, 1, 2, 3}, {8, 8, 9, 9}, {1, 0, 0, 0}};
  const auto all = paired_bootstrap(rows, {{1, 0, 2, 3}}, {{4, 0, 2, 3}}, 1000, 1);
  REQUIRE(all.figures.size() == 3);
  const auto& auc = all.figures[0];
  CHECK(auc.first == doctest::Approx(1.0 / 3));
  CHECK(auc.second == 1);
  CHECK(std::abs(static_cast<double>(auc.defined) - 750) < 4 * std::sqrt(1000 * 0.25 * 0.75));
  CHECK(auc.high == doctest::Approx(2.0 / 3));  // 1 - 1/3; group 8 twice gives 1 - 1 = 0
  CHECK(auc.low == 0);
  const ComparedRows none{{0, 1}, {8, 9}, {0, 0}};
  CHECK(paired_bootstrap(none, {{1, 0}}, {{0, 1}}, 10, 1).figures.empty());
}

TEST_CASE("as large as MovieLens-1M's test split") {
  auto w = world(74'000, 6'000);
  const auto start = std::chrono::steady_clock::now();
  const auto all = paired_bootstrap(w.rows, {w.a}, {w.b}, 100, 1);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  MESSAGE("100 resamples of 74,000 rows: " << seconds << " s");
  CHECK(all.figures.size() == 3);
}
