// The loss of click and like models.
#include <braid/plugin.h>

namespace {

struct BinaryCrossEntropy final : braid::Loss {
  static constexpr braid::About about{
      .summary = "Cross-entropy between a binary label and the sigmoid of a logit, per row, in nats.",
      .equation = "log(1 + exp(x)) - x * y"};

  braid::Param<double> smoothing{
      *this, "smoothing", 0.0, "Moves labels towards 0.5 by this share: y (1 - s) + s / 2.", {.low = 0, .high = 1}};
  braid::In logit{*this, "logit", "float[rows]", "log-odds of a positive label"};
  braid::In label{*this,
                  "label",
                  "float?[rows]",
                  "in [0, 1]; a row without a label (absent, NaN) is left out",
                  {.constant = true, .low = 0, .high = 1}};
  braid::In importance{
      *this,
      "importance",
      "float[rows]",
      "factor on each row's loss; the host still divides by the number of rows, so a mean of 1 keeps the scale",
      {.optional = true, .constant = true, .low = 0}};
  braid::Out loss{*this, "loss", "float?[rows]", "per row"};

  void run(braid::Frame& f) override {
    const auto logits = f[logit];
    auto target = f[label].to(logits.scalar_type());
    auto known = target.isnan().logical_not();
    if (f.masked(label)) known = known.logical_and(f.mask(label));
    target = target.masked_fill(known.logical_not(), 0.0);  // NaN * 0 would still be NaN
    if (smoothing() > 0) target = target.mul(1 - smoothing()).add(smoothing() / 2);
    auto per_row = braid::binary_cross_entropy_with_logits(logits, target);
    if (f.wired(importance)) per_row = per_row.mul(f[importance]);
    f[loss] = per_row.masked_fill(known.logical_not(), 0.0);
    f.set_mask(loss, known);
  }
};

}  // namespace

BRAID_PLUGIN(BinaryCrossEntropy, "binary_cross_entropy", "0.1.0")
