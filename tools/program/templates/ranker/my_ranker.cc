// Scores rows by how their vectors go together: a factorization machine over the wires.
#include <braid/plugin.h>

namespace {

struct MyRanker final : braid::Ranker {
  static constexpr braid::About about{.summary = "Bias, a linear part and the inner products of all pairs of inputs.",
                                      .paper = "Rendle 2010, Factorization Machines",
                                      .equation = "eq. 1, with the sum over pairs as in lemma 3.1",
                                      .differs = "The vectors come over wires; the linear part reads them."};

  braid::Ins inputs{*this, "inputs", "float[rows, dim]", "vectors of the rows, of one width"};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Linear linear{*this, "linear", "count(inputs) * dim", "1"};

  void run(braid::Frame& f) override {
    std::vector<at::Tensor> parts;
    for (std::size_t k = 0; k < inputs.count(); ++k) parts.push_back(f.at(inputs, k));
    const auto x = braid::stack(parts, 1);                                        // [rows, wires, dim]
    const auto pairs = x.sum(1).square().sub(x.square().sum(1)).sum(1).mul(0.5);  // [rows]
    f[logit] = linear(x.flatten(1)).squeeze(1).add(pairs);
  }
};

}  // namespace

BRAID_PLUGIN(MyRanker, "my_ranker", "0.1.0")
