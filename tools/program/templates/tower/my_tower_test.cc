// What every tower must satisfy, and golden values by a loop of our own.
#include <braid/conform.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

Case rows() {
  Case c{"my_tower"};
  c.values = {{"hidden", std::int64_t{4}}, {"dim", std::int64_t{3}}};
  c.inputs["numbers"] = {wave({5, 2}).hide({{1}})};  // five rows of two numbers; the second row is absent
  return c;
}

}  // namespace

TEST_CASE("my_tower conforms") { CHECK(check(rows()) == ""); }

TEST_CASE("my_tower is second(gelu(first(x))), and zeros where the row is absent") {
  Instance tower(rows(), at::kDouble);
  tower.fill();
  const auto weight = [&](const char* name, int k) { return tower.weight(name).data_ptr<double>()[k]; };
  const double* x = tower.inputs[0][0].value.data_ptr<double>();
  std::vector<double> want;
  for (int row = 0; row < 5; ++row) {
    double hidden[4];
    for (int h = 0; h < 4; ++h) {
      double sum = weight("first.bias", h);
      for (int k = 0; k < 2; ++k) sum += weight("first.weight", h * 2 + k) * x[row * 2 + k];
      hidden[h] = sum * 0.5 * (1 + std::erf(sum / std::sqrt(2.0)));
    }
    for (int d = 0; d < 3; ++d) {
      double sum = weight("second.bias", d);
      for (int h = 0; h < 4; ++h) sum += weight("second.weight", d * 4 + h) * hidden[h];
      want.push_back(row == 1 ? 0 : sum);
    }
  }
  CHECK(differs(tower.run().at("vector").value.flatten(), want, 1e-12) == "");
}
