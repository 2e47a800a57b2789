#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "sweep_points.h"
#include "sweep_table.h"

#include <braid/diagnostic.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

using braid::Failure;
using namespace braid::tools;
using braid::report::Json;

TEST_CASE("Student's t of 95 in 100, from printed tables") {
  const std::map<std::size_t, double> tables{{1, 12.706}, {2, 4.303},  {3, 3.182},  {4, 2.776},  {5, 2.571},
                                             {9, 2.262},  {10, 2.228}, {29, 2.045}, {30, 2.042}, {120, 1.980}};
  for (const auto& [freedom, t] : tables) CHECK(std::abs(student_95(freedom) - t) <= 0.0005 + 1e-9);  // three places
}

TEST_CASE("values are parted by commas that nothing encloses") {
  const auto axis = sweep_axis(R"(a.b=[1, 2],{ x = 1, y = 2 }, "a,b" ,'c,"d',word,"e\",f")");
  CHECK(axis.key == "a.b");
  CHECK(axis.values ==
        std::vector<std::string>{"[1, 2]", "{ x = 1, y = 2 }", "\"a,b\"", "'c,\"d'", "word", R"("e\",f")"});
  CHECK(sweep_axis("vars.data=../a,../b").values == std::vector<std::string>{"../a", "../b"});
  CHECK_THROWS_AS(sweep_axis("a.b"), braid::Failure);
  CHECK_THROWS_AS(sweep_axis("a.b=1,,2"), braid::Failure);
  CHECK_THROWS_AS(sweep_axis("a.b=1,1"), braid::Failure);
  CHECK_THROWS_AS(sweep_axis("a.b=1..x"), braid::Failure);
  CHECK_THROWS_AS(sweep_axis("a.b=1..2:lin"), braid::Failure);
  CHECK_THROWS_AS(sweep_axis("train.seed=1,2"), braid::Failure);
}

TEST_CASE("the grid's last axis changes fastest") {
  const std::vector<SweepAxis> axes{sweep_axis("a=1,2"), sweep_axis("b=x,y,z")};
  const auto grid = sweep_grid(axes);
  REQUIRE(grid.size() == 6);
  CHECK(settings_text(axes, grid[0]) == "a=1 b=x");
  CHECK(settings_text(axes, grid[1]) == "a=1 b=y");
  CHECK(settings_text(axes, grid[5]) == "a=2 b=z");
  CHECK_THROWS_AS(sweep_grid({sweep_axis("a=1..2")}), braid::Failure);
}

TEST_CASE("draws: by seed and number, different, inside, spread as they have to be") {
  const std::vector<SweepAxis> axes{sweep_axis("rate=1e-4..1e-2:log"), sweep_axis("n=1..4"), sweep_axis("w=a,b"),
                                    sweep_axis("m=1..64:log")};
  constexpr std::size_t count = 2000;
  const auto points = sweep_draws(axes, count, 7);
  CHECK(sweep_draws(axes, count, 7) == points);
  CHECK(sweep_draws(axes, count, 8) != points);
  const auto some = sweep_draws(axes, 10, 7);
  CHECK(std::equal(some.begin(), some.end(), points.begin()));
  auto sorted = points;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  std::size_t small = 0, first = 0;
  std::map<std::string, std::size_t> whole;
  for (const auto& p : points) {
    const double rate = std::strtod(p[0].c_str(), nullptr);
    CHECK(rate >= 1e-4);
    CHECK(rate <= 1e-2);
    CHECK(p[0].find_first_of(".e") != std::string::npos);  // TOML reads a number, not a whole one
    small += rate < 1e-3;
    first += p[2] == "a";
    ++whole[p[1]];
    const int m = std::atoi(p[3].c_str());
    CHECK(m >= 1);
    CHECK(m <= 64);
  }
  // Shares of 1/2 and 1/4: four standard deviations of 2,000 draws are 90 and 78.
  CHECK(std::abs(static_cast<double>(small) - 1000) < 90);
  CHECK(std::abs(static_cast<double>(first) - 1000) < 90);
  CHECK(whole.size() == 4);
  for (const auto& [value, n] : whole) CHECK(std::abs(static_cast<double>(n) - 500) < 78);
  CHECK(sweep_draws({sweep_axis("n=1..50")}, 50, 1).size() == 50);  // all of them, each once
  CHECK_THROWS_AS(sweep_draws({sweep_axis("n=1..4")}, 5, 1), braid::Failure);
}

namespace {

SweepTrial trial(std::size_t number, const std::vector<Json>& values) {
  SweepTrial out{number, "trial-" + std::to_string(number), {{"k", std::to_string(number)}}, {}};
  std::uint64_t seed = 0;
  for (const auto& value : values) {
    auto& run = out.runs.emplace_back();
    run.seed = ++seed;
    if (value.is_string()) run.failed = value.get<std::string>();
    else
      run.result = {{"splits", {{"valid", {{"loss", value}, {"slices", {{"cold", {{"loss", 9}}}}}}}}},
                    {"higher_is_better", {{"loss", false}}},
                    {"train_seconds", 2}};
  }
  return out;
}

}  // namespace

TEST_CASE("the table: less is better, failures last, the first of equals, whether intervals overlap") {
  const auto table = sweep_table(
      {trial(1, {3, 5}), trial(2, {"it failed", 1}), trial(3, {2, 2}), trial(4, {2, 2}), trial(5, {nullptr, 1})},
      "loss");
  std::vector<int> order;
  for (const auto& p : table.at("points")) order.push_back(p.at("trial").get<int>());
  CHECK(order == std::vector<int>{3, 4, 1, 2, 5});
  CHECK(table.at("best") == 3);
  CHECK(table.at("runner_up") == Json{{"trial", 4}, {"overlaps", true}});
  const auto& one = table.at("points").at(2);
  CHECK(one.at("mean").get<double>() == doctest::Approx(4));
  CHECK(one.at("high").get<double>() - 4 == doctest::Approx(12.7062047));  // t · √2 / √2
  CHECK(sweep_table({trial(1, {1}), trial(2, {2})}, "loss").at("runner_up").at("overlaps").is_null());
  CHECK(sweep_table({trial(1, {"no"})}, "loss").at("best").is_null());
  CHECK(sweep_table({trial(1, {1, 1.1}), trial(2, {9, 9.1})}, "loss").at("runner_up").at("overlaps") == false);
  CHECK(sweep_figure(trial(1, {1}).runs[0].result, "valid", "cold/loss") == 9.0);
}
