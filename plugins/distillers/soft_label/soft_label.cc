// A student learns a teacher's probabilities.
#include <braid/plugin.h>

namespace {

struct SoftLabel final : braid::Distiller {
  static constexpr braid::About about{
      .summary = "Cross-entropy between a teacher's softened probability and the student's, per row, in nats.",
      .paper = "Hinton et al. 2015, Distilling the knowledge in a neural network, arXiv:1503.02531",
      .equation = "T^2 * BCE(sigmoid(student / T), sigmoid(teacher / T))",
      .differs =
          "Two classes, so logits are one number a row. The factor T^2 keeps the gradient's size when T changes "
          "(section 2 there)."};

  braid::Scalar temperature{*this,
                            "temperature",
                            1.0,
                            "Divides both logits; above 1 it softens, so that small differences of the teacher count.",
                            {.low = 1e-2, .high = 100}};
  braid::In student{*this, "student", "float[rows]", "logit of the model that learns"};
  braid::In teacher{*this, "teacher", "float?[rows]",
                    "logit of the model that is imitated; gets no gradient; absent rows are left out"};
  braid::Out loss{*this, "loss", "float?[rows]", "per row"};

  void run(braid::Frame& f) override {
    const auto t = temperature(f);
    // A probability next to 1 is 1 in bfloat16, and the loss of large logits is what is missing to 1.
    const auto type = f[student].scalar_type();
    const auto wide = type == at::kDouble ? at::kDouble : at::kFloat;
    const auto target = f[teacher].detach().to(wide).div(t.detach()).sigmoid();
    const auto entropy = braid::binary_cross_entropy_with_logits(f[student].to(wide).div(t), target);
    f[loss] = entropy.mul(t.square()).to(type);
    if (f.masked(teacher)) f.set_mask(loss, f.mask(teacher));
  }
};

}  // namespace

BRAID_PLUGIN(SoftLabel, "soft_label", "0.1.0")
