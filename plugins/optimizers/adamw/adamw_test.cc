// Golden values: tools/goldens/optimizer.py (torch.optim, double). `braid conform adamw` compares with the formula.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "plugins/parts/optimizer_testing.h"

using namespace parts;

TEST_CASE("AdamW with decay follows PyTorch's") {
  equal(three_steps("adamw", {{"decay", 0.05}, {"beta1", 0.8}, {"beta2", 0.95}, {"eps", 1e-6}}),
        {-0.2308822345, 0.7850562486, 1.1864637307, 0.3853643156, -0.6652559469});
}

TEST_CASE("decay of biases is left alone") {
  braid::conform::OptimizerAtWork one("adamw", {{"decay", 0.5}}, doubles(3, sine));
  one.step(doubles(3, sine).zero_(), 0.1, false);
  CHECK(one.weight.equal(doubles(3, sine)));
  one.step(doubles(3, sine).zero_(), 0.1, true);
  CHECK(one.weight.allclose(doubles(3, sine).mul(0.95)));
}
