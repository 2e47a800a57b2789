// Joins several vectors of a row into one: the mean of those that are there.
#include <braid/plugin.h>

namespace {

struct MyFusion final : braid::Fusion {
  static constexpr braid::About about{
      .summary = "Mean of a row's vectors; what is absent does not count, and a row without any gives zeros."};

  braid::Ins inputs{*this, "inputs", "float?[rows, dim]", "vectors of one width; rows may be absent"};
  braid::Out vector{*this, "vector", "float[rows, dim]", "their mean"};

  void run(braid::Frame& f) override {
    at::Tensor sum, count;
    for (std::size_t k = 0; k < inputs.count(); ++k) {
      const auto there = f.mask(inputs, k).unsqueeze(1);                   // [rows, 1]
      const auto x = f.at(inputs, k).masked_fill(there.logical_not(), 0);  // [rows, dim]
      sum = k == 0 ? x : sum.add(x);
      count = k == 0 ? there.to(x.scalar_type()) : count.add(there);
    }
    f[vector] = sum.div(count.clamp_min(1));
  }
};

}  // namespace

BRAID_PLUGIN(MyFusion, "my_fusion", "0.1.0")
