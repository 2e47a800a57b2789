// Logistic regression: terms that towers looked up, and numbers with a weight each.
#include "plugins/parts/field_vectors.h"

#include <braid/plugin.h>

#include <optional>

namespace {

struct LinearRanker final : braid::Ranker {
  static constexpr braid::About about{
      .summary =
          "Logistic regression: adds up terms, which are weights that a feature_embedding with dim = 1 looked up, and "
          "numbers, each times a weight of its own.",
      .equation = "logit = b + sum of terms + w . numbers",
      .differs = "A row that a wire lacks adds nothing."};

  braid::Ins terms{*this, "terms", "float?[rows, terms~?]", "added as they are", {.optional = true}};
  braid::Ins numbers{*this, "numbers", "float?[rows, width~?]", "each has a weight", {.optional = true}};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};

  braid::Weight bias{*this, "bias", {"1"}, {braid::Start::zero}};
  std::optional<braid::Linear> weigh;  // the problem is convex: it starts at zero

  LinearRanker() {
    if (terms.count() + numbers.count() == 0)
      throw braid::Error("nothing is wired: write in.terms, in.numbers or both");
    if (numbers.count() > 0)
      weigh.emplace(*this, "numbers", braid::DimText("sum(numbers.width)"), braid::DimText("1"),
                    braid::Linear::Options{.bias = false, .start = {braid::Start::zero}});
  }

  void run(braid::Frame& f) override {
    at::Tensor sum;
    if (f.wired(terms)) sum = parts::side_by_side(f, terms, 2).sum(1);
    if (weigh) {
      const auto x = (*weigh)(parts::side_by_side(f, numbers, 2)).squeeze(1);
      sum = sum.defined() ? sum.add(x) : x;
    }
    f[logit] = sum.add(bias());
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }
};

}  // namespace

BRAID_PLUGIN(LinearRanker, "linear", "0.1.0")
