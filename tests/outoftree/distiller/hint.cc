// Learns a teacher's vector through a projection of its own.
#include <braid/plugin.h>

namespace {

struct Hint final : braid::Distiller {
  static constexpr braid::About about{
      .summary = "Mean squared distance between the teacher's vector and a projection of the student's.",
      .paper = "Romero et al. 2015, FitNets: Hints for Thin Deep Nets, arXiv:1412.6550",
      .equation = "eq. 3",
      .differs = "The regressor is one linear layer; the mean is over the teacher's width, so that widths compare."};

  braid::In student{*this, "student", "float[rows, dim]", "vector of the model that learns"};
  braid::In teacher{*this, "teacher", "float?[rows, teacher_dim]",
                    "vector to imitate; no gradient; absent rows are left out"};
  braid::Out loss{*this, "loss", "float?[rows]", "per row; it has the teacher's mask"};
  braid::Linear regressor{*this, "regressor", "dim", "teacher_dim"};

  void run(braid::Frame& f) override {
    const auto apart = regressor(f[student]).sub(f[teacher]).square().mean(1);
    f[loss] = f.masked(teacher) ? apart.masked_fill(f.mask(teacher).logical_not(), 0) : apart;
  }
};

}  // namespace

BRAID_PLUGIN(Hint, "hint", "0.1.0")
