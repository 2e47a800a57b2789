// What every ranker must satisfy, and golden values by the sum over pairs.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

constexpr int wires = 3, dim = 2, rows = 4;

Case three_inputs() {
  Case c{"my_ranker"};
  for (int k = 0; k < wires; ++k) c.inputs["inputs"].push_back(wave({rows, dim}, k));
  return c;
}

}  // namespace

TEST_CASE("my_ranker conforms") { CHECK(check(three_inputs()) == ""); }

TEST_CASE("my_ranker is bias, linear part and all pairs' inner products") {
  Instance ranker(three_inputs(), at::kDouble);
  ranker.fill();
  const double* weight = ranker.weight("linear.weight").data_ptr<double>();
  const auto x = [&](int wire, int row, int d) {
    return ranker.inputs[0][static_cast<std::size_t>(wire)].value.data_ptr<double>()[row * dim + d];
  };
  std::vector<double> want;
  for (int row = 0; row < rows; ++row) {
    double sum = ranker.weight("linear.bias").data_ptr<double>()[0];
    for (int a = 0; a < wires; ++a)
      for (int d = 0; d < dim; ++d) {
        sum += weight[a * dim + d] * x(a, row, d);
        for (int b = a + 1; b < wires; ++b) sum += x(a, row, d) * x(b, row, d);
      }
    want.push_back(sum);
  }
  CHECK(differs(ranker.run().at("logit").value, want, 1e-12) == "");
}
