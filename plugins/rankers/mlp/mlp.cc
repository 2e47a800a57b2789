// A multilayer perceptron over whatever is wired.
#include "plugins/parts/perceptron.h"

#include <braid/plugin.h>

#include <deque>
#include <string>
#include <vector>

namespace {

struct Mlp final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Scores rows by a multilayer perceptron over the concatenated inputs.",
      .equation = "logit = w . h_n + b; h_k = dropout(activation(W_k h_(k-1) + b_k)); h_0 = [inputs]"};

  parts::Perceptron perceptron{*this, {128, 64}};
  braid::Param<std::string> absent{*this,
                                   "absent",
                                   std::string("learned"),
                                   "What stands for a row that a wire lacks: a learned vector, or zeros.",
                                   {.choices = {"learned", "zeros"}}};

  braid::Ins inputs{*this, "inputs", "float?[rows, dim~]", "vectors of the rows, concatenated in the recipe's order"};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};

  // One vector per wire; without elements where the wire never lacks a row, so that no weight is made which nothing
  // trains.
  std::deque<braid::Weight> absent_rows;

  // Without a host that knows better, every wire may lack rows.
  void infer(std::map<std::string, std::int64_t, std::less<>>& sizes) const override {
    for (std::size_t k = 0; k < inputs.count(); ++k) sizes.emplace("inputs." + std::to_string(k) + ".optional", 1);
  }

  Mlp() {
    if (absent() == "learned")
      for (std::size_t k = 0; k < inputs.count(); ++k) {
        const auto wire = "inputs." + std::to_string(k), size = wire + ".optional * " + wire + ".dim";
        absent_rows.emplace_back(*this, "absent." + std::to_string(k), std::vector<braid::DimText>{size},
                                 braid::Start{braid::Start::normal, 0.01});
      }
    perceptron.make(*this, "", "sum(inputs.dim)");
  }

  void run(braid::Frame& f) override {
    std::vector<at::Tensor> wires;
    for (std::size_t k = 0; k < inputs.count(); ++k) {
      auto x = f.at(inputs, k);
      if (f.masked(inputs, k)) {
        const auto present = f.mask(inputs, k).unsqueeze(1);
        x = absent_rows.empty() ? x.masked_fill(present.logical_not(), 0) : braid::where(present, x, absent_rows[k]());
      }
      wires.push_back(x);
    }
    f[logit] = perceptron.score(f, braid::cat(wires, 1));
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }
};

}  // namespace

BRAID_PLUGIN(Mlp, "mlp", "0.1.0")
