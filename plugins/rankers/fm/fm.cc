// Factorisation machine over the vectors of a row's fields.
#include "plugins/parts/field_vectors.h"

#include <braid/plugin.h>

namespace {

struct Fm final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Factorisation machine: first-order terms, and the dot product of every two fields' vectors.",
      .paper = "Rendle 2010, Factorization Machines, ICDM",
      .equation = "eq. 1; logit = b + sum of terms + sum over i < j of v_i . v_j",
      .differs =
          "A column of several values is one field: the mean of their vectors. A row that a wire lacks adds "
          "nothing."};

  braid::Ins features{*this, "features", "float?[rows, fields~?, dim]",
                      "one vector per field: feature_embedding's `vectors`, or single vectors of that width"};
  braid::Ins terms{*this,
                   "terms",
                   "float?[rows, terms~?]",
                   "first-order terms, added: feature_embedding's `vector` with dim = 1",
                   {.optional = true}};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};

  braid::Weight bias{*this, "bias", {"1"}, {braid::Start::zero}};

  void run(braid::Frame& f) override {
    auto sum = parts::pairs(parts::side_by_side(f, features, 3)).add(bias());
    if (f.wired(terms)) sum = sum.add(parts::side_by_side(f, terms, 2).sum(1));
    f[logit] = sum;
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }
};

}  // namespace

BRAID_PLUGIN(Fm, "fm", "0.1.0")
