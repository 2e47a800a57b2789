// A multilayer perceptron over whatever is wired.
#include <braid/plugin.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace {

struct Mlp final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Scores rows by a multilayer perceptron over the concatenated inputs.",
      .equation = "logit = w . h_n + b; h_k = dropout(activation(W_k h_(k-1) + b_k)); h_0 = [inputs]"};

  braid::Param<std::vector<std::int64_t>> hidden{
      *this, "hidden", {128, 64}, "Widths of the hidden layers; [] is a linear model.", {.low = 1}};
  braid::Param<std::string> activation{
      *this, "activation", std::string("relu"), "After each hidden layer.", {.choices = {"relu", "gelu", "silu"}}};
  braid::Param<double> drop{
      *this, "drop", 0.1, "Dropout after each hidden layer, while training.", {.low = 0, .high = 0.99}};
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
  std::deque<braid::Linear> layers;

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
    std::string width = "sum(inputs.dim)";
    for (std::size_t k = 0; k < hidden().size(); ++k) {
      const auto next = std::to_string(hidden()[k]);
      layers.emplace_back(*this, "hidden." + std::to_string(k), width, next);
      width = next;
    }
    layers.emplace_back(*this, "score", width, std::string("1"));
  }

  void run(braid::Frame& f) override {
    std::vector<at::Tensor> parts;
    for (std::size_t k = 0; k < inputs.count(); ++k) {
      auto x = f.at(inputs, k);
      if (f.masked(inputs, k)) {
        const auto present = f.mask(inputs, k).unsqueeze(1);
        x = absent_rows.empty() ? x.masked_fill(present.logical_not(), 0) : braid::where(present, x, absent_rows[k]());
      }
      parts.push_back(x);
    }
    f[logit] = perceptron(f, braid::cat(parts, 1));
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }

  // x [rows, sum of dims] to float[rows].
  at::Tensor perceptron(const braid::Frame& f, at::Tensor x) const {
    for (std::size_t k = 0; k < hidden().size(); ++k)
      x = braid::dropout(f, "drop", activated(layers[k](x)), drop(), static_cast<std::int64_t>(k));
    return layers.back()(x).squeeze(1);
  }

  at::Tensor activated(const at::Tensor& x) const {
    if (activation() == "relu") return x.relu();
    return activation() == "gelu" ? braid::gelu(x) : x.mul(x.sigmoid());
  }
};

}  // namespace

BRAID_PLUGIN(Mlp, "mlp", "0.1.0")
