// Deep Interest Network: the history is pooled by how much each place has to do with the target.
#include "kernels/target_attention_autograd.h"
#include "plugins/parts/perceptron.h"

#include <braid/plugin.h>

#include <cmath>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace {

struct Din final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Scores a target against a history that it attends to, then a multilayer perceptron.",
      .paper = "Zhou et al. 2018, Deep Interest Network, arXiv:1706.06978",
      .equation =
          "eq. 3; a(t, h) = MLP([t, h, t - h, t * h]), pooled = sum of a(t, h_j) h_j, "
          "logit = MLP([other, t, pooled, t * pooled])",
      .differs =
          "Weights are a softmax over the history's places unless attention_norm = \"none\" (the paper's); t * pooled "
          "and the optional dot product are additions; ReLU, not Dice, by default. A row without history pools to "
          "zeros."};

  parts::Perceptron top{*this, {128, 64}};
  braid::Param<std::vector<std::int64_t>> attention{
      *this, "attention", {32}, "Widths of the attention unit's hidden layers.", {.low = 1}};
  braid::Param<std::string> attention_norm{
      *this,
      "attention_norm",
      std::string("softmax"),
      "softmax: a history's weights sum to 1; none: the unit's outputs are the weights, so that intensity counts.",
      {.choices = {"softmax", "none"}}};
  braid::Param<bool> dot{*this, "dot", false, "Adds (W other + b) . target / sqrt(width of target) to the logit."};
  braid::Param<std::string> absent{*this,
                                   "absent",
                                   std::string("learned"),
                                   "What stands for a target, a place of the history or a row of other that a wire "
                                   "lacks: a learned vector, or zeros.",
                                   {.choices = {"learned", "zeros"}}};

  braid::Ins target{*this, "target", "float?[rows, dim~]",
                    "vectors of the entity that is scored; several streams stand side by side"};
  braid::Ins history{*this,
                     "history",
                     "float?[rows, history*, dim~]",
                     "the same streams through a list, in the target's order and widths",
                     {.optional = true}};
  braid::Ins other{
      *this, "other", "float?[rows, other_dim~]", "vectors of the user and of the row", {.optional = true}};
  braid::Out logit{*this, "logit", "float[rows]", "log-odds"};
  braid::Out probability{*this, "probability", "float[rows]", "sigmoid of the logit"};

  // One vector per wire; without elements where the wire never lacks a row, so that no weight is made which nothing
  // trains.
  std::deque<braid::Weight> absent_target, absent_other;
  std::deque<braid::Linear> unit;     // the attention unit; its last layer gives one number
  std::optional<braid::Linear> user;  // other to target's space, for `dot`

  Din() {
    using braid::DimText, braid::Start;
    if (history.count() > 0 && history.count() != target.count())
      throw braid::Error("history has " + std::to_string(history.count()) + " wires and target " +
                         std::to_string(target.count()) +
                         "; the k-th history wire is the k-th target wire through a list, so wire as many");
    if (dot() && other.count() == 0)
      throw braid::Error("dot = true multiplies target with other, and other is not wired");
    if (absent() == "learned") {
      const auto stand_in = [&](std::deque<braid::Weight>& to, const std::string& port, std::size_t k,
                                const char* dim) {
        const auto wire = port + "." + std::to_string(k), size = wire + ".optional * " + wire + dim;
        to.emplace_back(*this, "absent." + wire, std::vector<DimText>{size}, Start{Start::normal, 0.01});
      };
      for (std::size_t k = 0; k < target.count(); ++k) stand_in(absent_target, "target", k, ".dim");
      for (std::size_t k = 0; k < other.count(); ++k) stand_in(absent_other, "other", k, ".other_dim");
    }
    std::string width = "sum(other.other_dim) + sum(target.dim)";
    if (history.count() > 0) {
      std::string in = "4 * sum(target.dim)";
      for (std::size_t k = 0; k < attention().size(); ++k) {
        const auto next = std::to_string(attention()[k]);
        unit.emplace_back(*this, "attention.hidden." + std::to_string(k), in, next);
        in = next;
      }
      // A softmax does not see a bias of its scores: such a weight would never learn.
      unit.emplace_back(*this, "attention.score", in, std::string("1"),
                        braid::Linear::Options{.bias = attention_norm() != "softmax"});
      width += " + sum(target.dim) + sum(target.dim)";
    }
    top.make(*this, "top.", width);
    if (dot()) user.emplace(*this, "user", DimText("sum(other.other_dim)"), DimText("sum(target.dim)"));
  }

  void infer(std::map<std::string, std::int64_t, std::less<>>& sizes) const override {
    // Without a host that knows better, every wire may lack rows.
    for (std::size_t k = 0; k < target.count(); ++k) sizes.emplace("target." + std::to_string(k) + ".optional", 1);
    for (std::size_t k = 0; k < other.count(); ++k) sizes.emplace("other." + std::to_string(k) + ".optional", 1);
    for (std::size_t k = 0; k < history.count(); ++k) {
      const auto wire = "." + std::to_string(k) + ".dim";
      const auto t = sizes.find("target" + wire), h = sizes.find("history" + wire);
      if (t != sizes.end() && h != sizes.end() && t->second != h->second)
        throw braid::Error("wire " + std::to_string(k) + " of history has " + std::to_string(h->second) +
                           " numbers and that of target " + std::to_string(t->second) +
                           "; wire the same vectors, in the same order, to both");
    }
  }

  void run(braid::Frame& f) override {
    std::vector<at::Tensor> targets, wires;
    for (std::size_t k = 0; k < target.count(); ++k)
      targets.push_back(
          filled(f.at(target, k), f.masked(target, k) ? f.mask(target, k) : at::Tensor(), stand_in(absent_target, k)));
    for (std::size_t k = 0; k < other.count(); ++k)
      wires.push_back(
          filled(f.at(other, k), f.masked(other, k) ? f.mask(other, k) : at::Tensor(), stand_in(absent_other, k)));
    const auto t = braid::cat(targets, 1);  // [rows, sum of dims]
    at::Tensor product;
    if (dot()) product = (*user)(braid::cat(wires, 1)).mul(t).sum(1).mul(1 / std::sqrt(static_cast<double>(t.size(1))));
    wires.push_back(t);
    if (history.count() > 0) {
      const auto pooled = pool(f, targets, t);
      wires.push_back(pooled);
      wires.push_back(t.mul(pooled));
    }
    auto score = top.score(f, braid::cat(wires, 1));
    f[logit] = product.defined() ? score.add(product) : score;
    if (f.wanted(probability)) f[probability] = f[logit].sigmoid();
  }

  // The vector [dim] that stands for wire k's absent rows; undefined: zeros do.
  static at::Tensor stand_in(const std::deque<braid::Weight>& vectors, std::size_t k) {
    return vectors.empty() ? at::Tensor() : vectors[k]();
  }

  // x [..., dim] with the learned vector, or zeros, where `present` [...] is false; undefined: nothing is absent.
  static at::Tensor filled(const at::Tensor& x, const at::Tensor& present, const at::Tensor& stand_in) {
    if (!present.defined()) return x;
    const auto here = present.unsqueeze(-1);
    return stand_in.defined() ? braid::where(here, x, stand_in) : x.masked_fill(here.logical_not(), 0);
  }

  // The history's weighted sum, streams side by side: float[rows, sum of dims]; zeros for rows without history.
  at::Tensor pool(const braid::Frame& f, const std::vector<at::Tensor>& targets, const at::Tensor& t) const {
    const auto mask = f.mask(history);  // bool[rows, places], of the list
    std::vector<at::Tensor> places;
    for (std::size_t k = 0; k < history.count(); ++k) {
      // A padded place needs no stand-in: it has no weight. Most wires lack nothing else.
      const auto present = f.masked(history, k) ? f.present(history, k) : at::Tensor();
      const bool lacks = present.defined() && !present.is_same(mask);
      places.push_back(filled(f.at(history, k), lacks ? present : at::Tensor(), stand_in(absent_target, k)));
    }

    const bool softmax = attention_norm() == "softmax";
    if (unit.size() == 2 && top.activation() == "relu" && braid::kernels::target_attention_takes(t, places)) {
      const auto first = split(t);
      return braid::kernels::target_attention(places, t, first.base, first.of_place, first.of_product, unit[1].weight(),
                                              unit[1].bias(), mask, softmax);
    }
    auto z = first_layer(targets, places, split(t));  // [rows, places, width]
    for (std::size_t k = 1; k < unit.size(); ++k) z = unit[k](parts::activated(top.activation(), z));
    auto weight = z.squeeze(2);  // [rows, places]
    const auto outside = mask.logical_not();
    // -1e4 rather than -inf: a row without history is uniform, not NaN, before it is zeroed.
    if (softmax) weight = weight.masked_fill(outside, -1e4).softmax(1);
    weight = weight.masked_fill(outside, 0).unsqueeze(1);  // [rows, 1, places]
    std::vector<at::Tensor> pooled;
    for (const auto& h : places) pooled.push_back(weight.bmm(h).squeeze(1));
    return braid::cat(pooled, 1);
  }

  // W [t, h, t - h, t * h] + b without that concatenation: the first three terms are linear in t and h, so their
  // columns are added up once (W_t + W_d for t, W_h - W_d for h) and t's part is computed once a row, not once a place.
  struct Split {
    at::Tensor base;                  // [rows, width]: t's part and the bias
    at::Tensor of_place, of_product;  // [width, dims]
  };
  Split split(const at::Tensor& t) const {
    const auto& w = unit[0].weight();  // [width, 4 * dims]
    const auto dims = t.size(1);
    const auto difference = w.narrow(1, 2 * dims, dims);
    return {braid::linear(t, w.narrow(1, 0, dims).add(difference), unit[0].bias()),
            w.narrow(1, dims, dims).sub(difference), w.narrow(1, 3 * dims, dims)};
  }

  // [rows, places, width], before activation.
  static at::Tensor first_layer(const std::vector<at::Tensor>& targets, const std::vector<at::Tensor>& places,
                                const Split& w) {
    const auto rows = places[0].size(0), length = places[0].size(1);
    at::Tensor z;  // [rows * places, width]
    std::int64_t from = 0;
    for (std::size_t k = 0; k < places.size(); ++k) {
      const auto dim = places[k].size(2);
      const auto h = places[k].reshape({rows * length, dim});
      const auto th = places[k].mul(targets[k].unsqueeze(1)).reshape({rows * length, dim});
      const auto wh = w.of_place.narrow(1, from, dim).t();
      z = z.defined() ? z.addmm(h, wh) : h.mm(wh);
      z = z.addmm(th, w.of_product.narrow(1, from, dim).t());
      from += dim;
    }
    return z.view({rows, length, w.base.size(1)}).add(w.base.unsqueeze(1));
  }
};

}  // namespace

BRAID_PLUGIN(Din, "din", "0.1.0")
