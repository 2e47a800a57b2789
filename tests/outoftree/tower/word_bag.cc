// A text as the mean of its words' vectors, each word weighing what it has learnt to weigh.
#include <braid/plugin.h>

namespace {

struct WordBag final : braid::Tower {
  static constexpr braid::About about{
      .summary = "Weighted mean of the words' vectors; each word has a learnt weight, positive by softplus.",
      .differs = "A row without words gives zeros."};

  braid::Param<std::int64_t> dim{*this, "dim", 16, "Width of the vectors.", {.low = 1}};
  braid::In words{*this, "words", "id(n)?[rows, places*]", "ids of the words; 0 is the unknown one"};
  braid::Out vector{*this, "vector", "float[rows, dim]", "the weighted mean"};
  braid::Table rows{*this, "rows", "n", "dim"};
  braid::Table weights{*this, "weights", "n", "1"};

  void run(braid::Frame& f) override {
    const auto mask = f.mask(words).unsqueeze(2);                                               // [rows, places, 1]
    const auto weight = braid::softplus(weights(f[words])).masked_fill(mask.logical_not(), 0);  // hidden words: 0
    const auto sum = rows(f[words]).mul(weight).masked_fill(mask.logical_not(), 0).sum(1);      // [rows, dim]
    f[vector] = sum.div(weight.sum(1).clamp_min(1e-6));  // no words: 0 / 1e-6, and not 0 / 0
  }
};

}  // namespace

BRAID_PLUGIN(WordBag, "word_bag", "0.1.0")
