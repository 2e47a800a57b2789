// Inputs that say of one another how much of each counts.
#include <braid/plugin.h>

namespace {

struct Gated final : braid::Fusion {
  static constexpr braid::About about{
      .summary =
          "Projects each input to one width and adds them, each times a gate that all inputs together open, "
          "number by number.",
      .paper = "Arevalo et al. 2017, Gated Multimodal Units, arXiv:1702.01992",
      .equation = "h_k = tanh(W_k x_k + b_k), z_k = sigmoid(V_k [x_1 ... x_n] + c_k), result = sum of z_k * h_k",
      .differs =
          "With gate = \"softmax\" the gates of a row's inputs sum to 1, as the paper's two do. What a row lacks "
          "reads zeros for the gates and adds nothing."};

  braid::Param<std::int64_t> dim{*this, "dim", 64, "Width of the result.", {.low = 1}};
  braid::Param<std::string> gate{*this,
                                 "gate",
                                 std::string("sigmoid"),
                                 "sigmoid: each gate opens by itself; softmax: the gates of what a row has sum to 1.",
                                 {.choices = {"sigmoid", "softmax"}}};
  braid::Ins inputs{*this, "inputs", "float?[rows, width~]", "vectors; rows may be absent"};
  braid::Out vector{*this, "vector", "float[rows, dim]", "the gated sum"};

  struct Stream {
    braid::Linear value, open;
    Stream(braid::Component& owner, std::size_t k)
        : value(owner, "value", "inputs." + std::to_string(k) + ".width", "dim"),
          open(owner, "open", "sum(inputs.width)", "dim") {}
  };
  braid::Stack<Stream> input{*this, "input", inputs.count()};

  void run(braid::Frame& f) override {
    std::vector<at::Tensor> present, all, values, gates;
    for (std::size_t k = 0; k < inputs.count(); ++k) {
      present.push_back(f.masked(inputs, k) ? f.mask(inputs, k).unsqueeze(1) : at::Tensor());  // [rows, 1]
      all.push_back(hidden(f.at(inputs, k), present[k], 0));
    }
    const auto together = braid::cat(all, 1);
    for (std::size_t k = 0; k < inputs.count(); ++k) {
      values.push_back(hidden(input[k].value(all[k]).tanh(), present[k], 0));  // [rows, dim]
      gates.push_back(input[k].open(together));
      // -1e4 rather than -inf: a row without any input is uniform, not NaN, and its values are zeros.
      if (gate() == "softmax") gates[k] = hidden(gates[k], present[k], -1e4);
    }
    const auto open = braid::stack(gates, 1);  // [rows, inputs, dim]
    f[vector] = (gate() == "softmax" ? open.softmax(1) : open.sigmoid()).mul(braid::stack(values, 1)).sum(1);
  }

 private:
  static at::Tensor hidden(const at::Tensor& x, const at::Tensor& present, double value) {
    return present.defined() ? x.masked_fill(present.logical_not(), value) : x;
  }
};

}  // namespace

BRAID_PLUGIN(Gated, "gated", "0.1.0")
