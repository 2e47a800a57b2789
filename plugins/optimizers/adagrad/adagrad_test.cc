// Golden values: tools/goldens/optimizer.py (torch.optim, double). `braid conform adagrad` compares with the formula.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "plugins/parts/optimizer_testing.h"

using namespace parts;

TEST_CASE("Adagrad with decay follows PyTorch's") {
  equal(three_steps("adagrad", {{"decay", 0.05}, {"eps", 1e-6}}),
        {-0.1122148363, 0.876741841, 1.1532992677, 0.2711369877, -0.7691915165});
}

TEST_CASE("rows that were not read are left alone, touched or not; by row it keeps one sum, as torchrec does") {
  for (const bool touched : {false, true}) {
    equal(table_steps("adagrad", {{"eps", 1e-6}}, touched),
          {0.0999997597, 0.9414708838, 1.0092972738, 0.1272562594, -0.5744168861, -0.8845543279, -0.2794154982,
           0.6569865987, 0.9893582466, 0.2414080847, -0.3733107932, -0.8292796799});
    equal(table_steps("adagrad", {{"eps", 1e-6}, {"by_row", true}}, touched),
          {0.0573333802, 0.9778642268, 0.9993512129, 0.1595011033, -0.633311083, -0.8438599802, -0.2794154982,
           0.6569865987, 0.9893582466, 0.2792276213, -0.4416670916, -0.7564951173});
  }
  const braid::conform::OptimizerAtWork table("adagrad", {{"by_row", true}}, doubles(12, sine).view({4, 3}), true),
      matrix("adagrad", {{"by_row", true}}, doubles(12, sine).view({4, 3}), false);
  CHECK(table.state[0].second.sizes() == at::IntArrayRef({4}));
  CHECK(matrix.state[0].second.sizes() == at::IntArrayRef({4, 3}));
}
