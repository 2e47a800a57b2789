// Golden values: tools/goldens/optimizer.py (torch.optim, double). `braid conform sgd` compares with the formula.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "plugins/parts/optimizer_testing.h"

using namespace parts;

TEST_CASE("SGD with momentum follows PyTorch's, with and without decay") {
  equal(three_steps("sgd", {{"momentum", 0.9}}),
        {-0.3320427545, 0.8731162085, 1.275536156, 0.5052340441, -0.729577918});
  equal(three_steps("sgd", {{"momentum", 0.9}, {"decay", 0.05}}),
        {-0.3298751033, 0.8504309689, 1.2488547303, 0.499087212, -0.7095387873});
}

TEST_CASE("touched rows follow PyTorch's sparse SGD") {
  equal(table_steps("sgd", {}, true),
        {0.0416146837, 0.9404702345, 0.9746617889, 0.1817339414, -0.6464691141, -0.8803114475, -0.2794154982,
         0.6569865987, 0.9893582466, 0.3040580241, -0.4607917436, -0.8019917072});
}
