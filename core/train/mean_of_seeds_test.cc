#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/mean_of_seeds.h"

#include <doctest/doctest.h>

#include <cmath>

using braid::train::mean_of_seeds;
using Json = nlohmann::json;

TEST_CASE("means and sample deviations of what all runs have") {
  const Json one{{"splits", {{"test", {{"auc", .5}, {"log_loss", 1.0}}}}}, {"name", "a"}, {"only", 1}};
  const Json two{{"splits", {{"test", {{"auc", .75}, {"log_loss", 2.0}}}}}, {"name", "b"}};
  const Json three{{"splits", {{"test", {{"auc", 1.0}, {"log_loss", nullptr}}}}}, {"name", "c"}};
  const auto got = mean_of_seeds({4, 5, 6}, {one, two, three});
  CHECK(got.at("seeds") == Json({4, 5, 6}));
  CHECK(got.at("splits").at("test").at("auc") == .75);
  CHECK(got.at("spread").at("splits").at("test").at("auc").at("spread") == .25);
  CHECK(!got.at("splits").at("test").contains("log_loss"));  // one run has no number there
  CHECK(!got.contains("only"));
  CHECK(!got.contains("name"));
  // 1 and 2: the deviation of a sample of two is their distance over the root of 2.
  const auto two_runs = mean_of_seeds({1, 2}, {one, two});
  CHECK(two_runs.at("spread").at("splits").at("test").at("log_loss").at("spread").get<double>() ==
        doctest::Approx(1 / std::sqrt(2.0)).epsilon(1e-15));
  CHECK(mean_of_seeds({1}, {one}).at("spread").at("only") == Json{{"mean", 1.0}, {"spread", 0.0}});
}
