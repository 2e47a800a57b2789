// Neural collaborative filtering: a product of vectors, a perceptron over others, and one layer that sees both.
#include <braid/plugin.h>

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace {

struct Neumf final : braid::Ranker {
  static constexpr braid::About about{
      .summary =
          "Neural matrix factorisation: scores an item, and a list of candidates, by a product of vectors (GMF), by a "
          "perceptron over other vectors (MLP), or by both under one layer.",
      .paper = "He et al. 2017, Neural Collaborative Filtering, arXiv:1708.05031",
      .equation = "eq. 9 (GMF), eq. 10 (MLP), eq. 12 (both); probability = sigmoid of the logit",
      .differs =
          "Which branches there are is said by the wires. The last layer has a bias, as in the authors' code. Weights "
          "start as Glorot & Bengio's, biases at zero. A row that a wire lacks reads as zeros."};

  braid::Param<std::vector<std::int64_t>> hidden{
      *this, "hidden", {32, 16, 8}, "Widths of the MLP branch's layers, each with a ReLU; [] has none.", {.low = 1}};

  braid::In gmf_user{*this, "gmf_user", "float?[rows, gmf]", "user of the GMF branch", {.optional = true}};
  braid::In gmf_item{*this, "gmf_item", "float?[rows, gmf]", "item of the GMF branch", {.optional = true}};
  braid::In gmf_candidate{*this,
                          "gmf_candidate",
                          "float?[rows, candidates*, gmf]",
                          "as gmf_item, of the items of a list",
                          {.optional = true}};
  braid::In mlp_user{*this, "mlp_user", "float?[rows, mlp_user_dim]", "user of the MLP branch", {.optional = true}};
  braid::In mlp_item{*this, "mlp_item", "float?[rows, mlp_item_dim]", "item of the MLP branch", {.optional = true}};
  braid::In mlp_candidate{*this,
                          "mlp_candidate",
                          "float?[rows, candidates*, mlp_item_dim]",
                          "as mlp_item, of the items of the same list",
                          {.optional = true}};
  braid::Out logit{*this, "logit", "float[rows]", "of the row's item: log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};
  braid::Out scores{*this, "scores", "float?[rows, candidates*]", "of the candidates: log-odds"};

  // Inputs stand before outputs, [in, out], as in the authors' published weights. A branch that is not wired has
  // weights without elements: `has_mlp` is 0 or 1 and `gmf` may be 0, see infer().
  struct Layer {
    braid::Weight weight, bias;
    Layer(braid::Component& owner, const std::string& name, const std::string& in, const std::string& out)
        : weight(owner, name + ".weight", {in, out}, {braid::Start::xavier_uniform}, {.decays = true}),
          bias(owner, name + ".bias", {out}, {braid::Start::zero}) {}
  };
  std::deque<Layer> layers;  // of the MLP branch, then the prediction

  Neumf() {
    std::string in = "mlp_user_dim + mlp_item_dim";
    for (std::size_t k = 0; k < hidden().size(); ++k) {
      const auto out = "has_mlp * " + std::to_string(hidden()[k]);
      layers.emplace_back(*this, "hidden." + std::to_string(k), in, out);
      in = out;
    }
    layers.emplace_back(*this, "prediction", "gmf + " + in, "1");
  }

  void infer(braid::Sizes& sizes) const override {
    const bool user = sizes.contains("mlp_user_dim"), item = sizes.contains("mlp_item_dim");
    if (user != item || (!user && !sizes.contains("gmf")))
      throw braid::Error("a branch needs a user, and an item or candidates: wire them for gmf, for mlp, or for both");
    sizes["has_mlp"] = user;
    for (const auto* dim : {"gmf", "mlp_user_dim", "mlp_item_dim"}) sizes.emplace(dim, 0);
  }

  void run(braid::Frame& f) override {
    if (f.wanted(logit) || f.wanted(probability)) {
      check(f, "'logit'", gmf_item, mlp_item, "item");
      f[logit] = score(f, gmf_item, mlp_item).squeeze(1);
      if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
    }
    if (!f.wanted(scores)) return;
    check(f, "'scores'", gmf_candidate, mlp_candidate, "candidate");
    at::Tensor known;  // candidates that all wired branches have
    for (const auto* port : {&gmf_candidate, &mlp_candidate})
      if (f.wired(*port) && f.masked(*port)) known = known.defined() ? known.logical_and(f.mask(*port)) : f.mask(*port);
    const auto all = score(f, gmf_candidate, mlp_candidate);
    f[scores] = known.defined() ? all.masked_fill(known.logical_not(), 0) : all;
    f.set_mask(scores, known);
  }

  // A branch gets what it scores exactly where it gets a user.
  void check(const braid::Frame& f, const std::string& output, const braid::In& gmf, const braid::In& mlp,
             const std::string& what) const {
    if (f.wired(gmf) == f.wired(gmf_user) && f.wired(mlp) == f.wired(mlp_user)) return;
    throw braid::Error(output + " needs gmf_" + what + " where gmf_user is wired, and mlp_" + what +
                       " where mlp_user is, and neither elsewhere");
  }

  // Log-odds [rows, places] of items [rows, places, width], or [rows, 1] of items [rows, width].
  at::Tensor score(const braid::Frame& f, const braid::In& gmf, const braid::In& mlp) const {
    std::vector<at::Tensor> seen;
    if (f.wired(gmf)) seen.push_back(read(f, gmf_user).mul(read(f, gmf)));
    if (f.wired(mlp)) seen.push_back(tower(read(f, mlp_user), read(f, mlp)));
    const auto& last = layers.back();
    return braid::cat(seen, 2).matmul(last.weight()).add(last.bias()).squeeze(2);
  }

  // user [rows, 1, width], item [rows, places, width] to [rows, places, last width]. The first layer is linear in both:
  // a user's part is computed once a row, not once a place.
  at::Tensor tower(const at::Tensor& user, const at::Tensor& item) const {
    if (hidden().empty()) return braid::cat({user.expand({-1, item.size(1), -1}), item}, 2);
    const auto& w = layers.front().weight();
    auto x = user.matmul(w.narrow(0, 0, user.size(2))).add(layers.front().bias());
    x = x.add(item.matmul(w.narrow(0, user.size(2), item.size(2)))).relu();
    for (std::size_t k = 1; k < hidden().size(); ++k) x = x.matmul(layers[k].weight()).add(layers[k].bias()).relu();
    return x;
  }

  // [rows, places, width], zeros where the wire lacks a row or a place.
  static at::Tensor read(const braid::Frame& f, const braid::In& port) {
    auto x = f[port];
    if (f.masked(port)) x = x.masked_fill(f.mask(port).logical_not().unsqueeze(-1), 0);
    return x.dim() == 2 ? x.unsqueeze(1) : x;
  }
};

}  // namespace

BRAID_PLUGIN(Neumf, "neumf", "0.1.0")
