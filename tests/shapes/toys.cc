// Components of every sort of shape, computed by LibTorch's plain operators and without a look at sizes: a wire that
// the checker should not have let pass makes them throw.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <braid/ops.h>
#include <braid/plugin.h>

namespace {

// The mean over the places that hold data.
at::Tensor pooled(const at::Tensor& x, const at::Tensor& mask) {
  const auto kept = mask.unsqueeze(-1).to(x.scalar_type());
  return x.mul(kept).sum(1).div(kept.sum(1).clamp_min(1));
}

struct Embed final : braid::Tower {
  static constexpr braid::About about{.summary = "A vector for each id."};
  braid::Param<std::int64_t> dim{*this, "dim", 4, "Width.", {.low = 1}};
  braid::In id{*this, "id", "id(n)[rows]", "whose"};
  braid::Out y{*this, "y", "float[rows, dim]", "the vector"};
  braid::Table rows{*this, "rows", "n", "dim", {braid::Start::normal, 0.1}};
  void run(braid::Frame& f) override { f[y] = rows(f[id]); }
};

struct Same final : braid::Fusion {
  static constexpr braid::About about{.summary = "Sum of vectors of one width."};
  braid::Ins x{*this, "x", "float[rows, dim]", "the vectors"};
  braid::Out y{*this, "y", "float[rows, dim]", "their sum"};
  void run(braid::Frame& f) override {
    auto sum = f.at(x, 0) * 1.0;
    for (std::size_t k = 1; k < x.count(); ++k) sum.add_(f.at(x, k));  // in place: nothing is broadcast to more
    f[y] = sum;
  }
};

struct Join final : braid::Fusion {
  static constexpr braid::About about{.summary = "Vectors side by side."};
  braid::Ins x{*this, "x", "float[rows, width~]", "the vectors"};
  braid::Out y{*this, "y", "float[rows, sum(x.width)]", "all of them"};
  void run(braid::Frame& f) override {
    std::vector<at::Tensor> all;
    for (std::size_t k = 0; k < x.count(); ++k) all.push_back(f.at(x, k));
    f[y] = at::cat(all, 1);
  }
};

struct Half final : braid::Tower {
  static constexpr braid::About about{.summary = "Sums of the two halves of a vector."};
  braid::In x{*this, "x", "float[rows, width]", "of even width"};
  braid::Out y{*this, "y", "float[rows, width / 2]", "half as wide"};
  braid::Require even{*this, "width % 2 == 0", "each half has as many"};
  void run(braid::Frame& f) override {
    const auto n = f[x].size(1) / 2;
    f[y] = f[x].narrow(1, 0, n) + f[x].narrow(1, f[x].size(1) - n, n);
  }
};

struct Grid final : braid::Tower {
  static constexpr braid::About about{.summary = "Some copies of a vector, one after the other."};
  braid::Param<std::int64_t> count{*this, "count", 3, "How many.", {.low = 1}};
  braid::In x{*this, "x", "float[rows, dim]", "the vector"};
  braid::Out y{*this, "y", "float[rows, count, dim]", "the copies"};
  void run(braid::Frame& f) override { f[y] = f[x].unsqueeze(1).expand({-1, count(), -1}).contiguous(); }
};

struct Outer final : braid::Fusion {
  static constexpr braid::About about{.summary = "All products of two vectors' values."};
  braid::In a{*this, "a", "float[rows, n]", "one"}, b{*this, "b", "float[rows, m]", "the other"};
  braid::Out y{*this, "y", "float[rows, n * m]", "the products"};
  void run(braid::Frame& f) override { f[y] = (f[a].unsqueeze(2) * f[b].unsqueeze(1)).flatten(1); }
};

struct Pool final : braid::Fusion {
  static constexpr braid::About about{.summary = "Mean of a list's vectors."};
  braid::In x{*this, "x", "float?[rows, places*, dim]", "the list"};
  braid::Out y{*this, "y", "float[rows, dim]", "the mean"};
  void run(braid::Frame& f) override { f[y] = pooled(f[x], f.mask(x)); }
};

struct Bag final : braid::Fusion {
  static constexpr braid::About about{.summary = "Means of lists, and vectors, side by side."};
  braid::Ins x{*this, "x", "float?[rows, places*~?, width~]", "lists or vectors"};
  braid::Out y{*this, "y", "float[rows, sum(x.width)]", "all of them"};
  void run(braid::Frame& f) override {
    std::vector<at::Tensor> all;
    for (std::size_t k = 0; k < x.count(); ++k) all.push_back(pooled(f.at(x, k), f.mask(x, k)));
    f[y] = at::cat(all, 1);
  }
};

struct Four final : braid::Tower {
  static constexpr braid::About about{.summary = "Weighs four values."};
  braid::In x{*this, "x", "float[rows, 4]", "four"};
  braid::Out y{*this, "y", "float[rows, 2, 2]", "a square of them"};
  void run(braid::Frame& f) override { f[y] = f[x].reshape({-1, 2, 2}); }
};

struct Dot final : braid::Ranker {
  static constexpr braid::About about{.summary = "Scalar product of two vectors of one width."};
  braid::In a{*this, "a", "float[rows, dim]", "one"}, b{*this, "b", "float[rows, dim]", "the other"};
  braid::Out y{*this, "y", "float[rows]", "the product"};
  void run(braid::Frame& f) override {
    f[y] = (f[a].unsqueeze(1).matmul(f[b].unsqueeze(2))).flatten();  // a product of matrices broadcasts no width
  }
};

}  // namespace

BRAID_PLUGIN_OF("toys", "0.1.0") {
  r.component<Embed>("embed");
  r.component<Same>("same_width");
  r.component<Join>("join");
  r.component<Half>("half");
  r.component<Grid>("grid");
  r.component<Outer>("outer");
  r.component<Pool>("pool");
  r.component<Bag>("bag");
  r.component<Four>("four");
  r.component<Dot>("dot");
}
