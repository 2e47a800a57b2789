// What every loss must satisfy, and golden values by the equation.
#include <braid/conform.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

Case four_rows(double focus) {
  Case c{"my_loss"};
  c.scalars = {{"focus", focus}};
  c.inputs["logit"] = {numbers({-2, -0.5, 0, 3}, {4})};
  c.inputs["label"] = {numbers({0, 1, 1, 0}, {4})};
  return c;
}

std::vector<double> by_the_equation(double focus) {
  const double logit[] = {-2, -0.5, 0, 3}, label[] = {0, 1, 1, 0};
  std::vector<double> out;
  for (int k = 0; k < 4; ++k) {
    const double p = 1 / (1 + std::exp(-logit[k])), right = label[k] == 1 ? p : 1 - p;
    out.push_back(-std::pow(1 - right, focus) * std::log(right));
  }
  return out;
}

}  // namespace

TEST_CASE("my_loss conforms") { CHECK(check(four_rows(2)) == ""); }

TEST_CASE("my_loss is the paper's; without focus it is cross-entropy") {
  CHECK(differs(Instance(four_rows(2), at::kDouble).run().at("loss").value, by_the_equation(2), 1e-12) == "");
  CHECK(differs(Instance(four_rows(0), at::kDouble).run().at("loss").value, by_the_equation(0), 1e-12) == "");
}
