// DeepFM: a factorisation machine and a perceptron over the same vectors.
#include "plugins/parts/field_vectors.h"
#include "plugins/parts/perceptron.h"

#include <braid/plugin.h>

namespace {

struct DeepFm final : braid::Ranker {
  static constexpr braid::About about{
      .summary =
          "Factorisation machine and multilayer perceptron over the same vectors of a row's fields, added to "
          "first-order terms.",
      .paper = "Guo et al. 2017, DeepFM, arXiv:1703.04247",
      .equation = "eq. 1 to 4; logit = sum of terms + sum over i < j of v_i . v_j + MLP([v_1 ... v_n])",
      .differs =
          "A column of several values is one field: the mean of their vectors. A row that a wire lacks has a "
          "vector of zeros. The one bias is the perceptron's."};

  parts::Perceptron deep{*this, {256, 256, 256}};
  braid::Ins features{*this, "features", "float?[rows, fields~?, dim]",
                      "one vector per field: feature_embedding's `vectors`, or single vectors of that width"};
  braid::Ins terms{*this,
                   "terms",
                   "float?[rows, terms~?]",
                   "first-order terms, added: feature_embedding's `vector` with dim = 1",
                   {.optional = true}};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};

  DeepFm() { deep.make(*this, "deep.", "sum(features.fields) * dim"); }

  void run(braid::Frame& f) override {
    const auto v = parts::side_by_side(f, features, 3);  // [rows, fields, dim]
    auto sum = parts::pairs(v).add(deep.score(f, v.flatten(1)));
    if (f.wired(terms)) sum = sum.add(parts::side_by_side(f, terms, 2).sum(1));
    f[logit] = sum;
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }
};

}  // namespace

BRAID_PLUGIN(DeepFm, "deep_fm", "0.1.0")
