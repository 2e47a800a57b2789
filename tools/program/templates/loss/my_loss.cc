// A loss for labels of which few are positive: rows that are right already count little.
#include <braid/plugin.h>

namespace {

struct MyLoss final : braid::Loss {
  static constexpr braid::About about{
      .summary = "Focal loss: cross-entropy that fades for rows that are right already.",
      .paper = "Lin et al. 2017, Focal Loss for Dense Object Detection, arXiv:1708.02002",
      .equation = "eq. 4: -(1 - p_t)^focus log p_t"};

  braid::Scalar focus{*this, "focus", 2, "How fast sure rows fade; 0 is cross-entropy.", {.low = 0, .high = 10}};
  braid::In logit{*this, "logit", "float[rows]", "log-odds of a positive label"};
  braid::In label{*this, "label", "float[rows]", "0 or 1", {.constant = true, .low = 0, .high = 1}};
  braid::Out loss{*this, "loss", "float[rows]", "per row, in nats"};

  void run(braid::Frame& f) override {
    const auto z = f[label].mul(2).sub(1).mul(f[logit]);  // p_t = sigmoid(z), 1 - p_t = sigmoid(-z)
    f[loss] = braid::softplus(z).mul(focus(f)).neg().exp().mul(braid::softplus(z.neg()));
  }
};

}  // namespace

BRAID_PLUGIN(MyLoss, "my_loss", "0.1.0")
