// Learns from another model's answers: the distance of the logits.
#include <braid/plugin.h>

namespace {

struct MyDistiller final : braid::Distiller {
  static constexpr braid::About about{
      .summary = "Half the squared difference between the student's and the teacher's logit.",
      .paper = "Ba and Caruana 2014, Do Deep Nets Really Need to be Deep?, arXiv:1312.6184",
      .equation = "eq. 1"};

  braid::In student{*this, "student", "float[rows]", "logit of the model that learns"};
  braid::In teacher{*this, "teacher", "float?[rows]", "logit of the model that is imitated; absent rows are left out"};
  braid::Out loss{*this, "loss", "float?[rows]", "per row; it has the teacher's mask"};

  void run(braid::Frame& f) override {
    const auto apart = f[student].sub(f[teacher]);
    f[loss] = apart.square().mul(0.5);
    if (f.masked(teacher)) f[loss] = f[loss].masked_fill(f.mask(teacher).logical_not(), 0);
  }
};

}  // namespace

BRAID_PLUGIN(MyDistiller, "my_distiller", "0.1.0")
