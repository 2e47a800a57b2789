// Golden values: tools/goldens/optimizer.py (torch.optim, double). `braid conform rmsprop` compares with the formula.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "plugins/parts/optimizer_testing.h"

using namespace parts;

TEST_CASE("RMSProp follows PyTorch's, with decay and with momentum") {
  equal(three_steps("rmsprop", {{"decay", 0.05}, {"alpha", 0.9}, {"eps", 1e-6}}),
        {-0.3449321034, 0.9700415692, 1.6865401231, 0.5449674568, -0.8145145068});
  equal(three_steps("rmsprop", {{"momentum", 0.8}, {"alpha", 0.9}, {"eps", 1e-6}}),
        {-0.9353943147, 0.6958835249, 2.3812840441, 1.1579179431, -0.4842504523});
}
