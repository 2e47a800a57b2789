// Golden values: tools/goldens/optimizer.py (torch.optim, double). `braid conform adam` compares with the formula.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "plugins/parts/optimizer_testing.h"

using namespace parts;

TEST_CASE("Adam with decay follows PyTorch's") {
  equal(three_steps("adam", {{"decay", 0.05}, {"beta1", 0.8}, {"beta2", 0.95}, {"eps", 1e-6}}),
        {-0.2313447315, 0.78423171, 1.2001652379, 0.3872841139, -0.6650508624});
}

TEST_CASE("touched rows follow PyTorch's SparseAdam") {
  equal(table_steps("adam", {{"beta1", 0.8}, {"beta2", 0.95}, {"eps", 1e-15}}, true),
        {0.0692186301, 0.9106896149, 0.978516057, 0.0728174008, -0.5676711532, -0.8222734433, -0.2794154982,
         0.6569865987, 0.9893582466, 0.2121184852, -0.3440211109, -0.7999902066});
}
