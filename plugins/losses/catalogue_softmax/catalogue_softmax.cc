// Softmax cross-entropy over a whole catalogue: each place asks for its answer among all items.
//
// The scores of all places and items are by far the largest thing here, so they are made in blocks of places that stay
// in cache, and what is kept for the gradient is written once and read once.
#include <braid/plugin.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr std::int64_t kBlock = 1 << 20;  // scores: 4 MB of float

// -log softmax(query . item)[answer] per place, in blocks of places.
// The linter of LibTorch's headers wants these names and static functions.
struct BlockedCrossEntropy final : torch::autograd::Function<BlockedCrossEntropy> {
  // query [places, dim], item [items, dim], answer int64[places]: float[places].
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& item,
                            const at::Tensor& answer, bool learns) {
    const auto places = query.size(0), items = item.size(0), rows = block(places, items);
    auto loss = at::empty({places}, query.options()), score = at::empty({rows, items}, query.options());
    auto log_p = at::empty({learns ? places : rows, items}, query.options());
    for (std::int64_t from = 0; from < places; from += rows) {
      const auto n = std::min(rows, places - from);
      auto s = score.narrow(0, 0, n), p = log_p.narrow(0, learns ? from : 0, n);
      at::mm_out(s, query.narrow(0, from, n), item.t());
      at::_log_softmax_out(p, s, 1, false);
      loss.narrow(0, from, n).copy_(p.gather(1, answer.narrow(0, from, n).unsqueeze(1)).squeeze(1).neg());
    }
    if (learns) context->save_for_backward({query, item, answer, log_p});
    return loss;
  }

  // The scores' gradient is (softmax - one at the answer) * grad; grad is multiplied where there is less to multiply.
  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &query = saved[0], &item = saved[1], &answer = saved[2], &log_p = saved[3];
    const auto places = query.size(0), items = item.size(0), rows = block(places, items);
    const auto grad = grads[0].unsqueeze(1), weighed = query.mul(grad);
    auto to_query = at::empty(query.sizes(), query.options()), to_item = at::zeros(item.sizes(), item.options());
    auto score = at::empty({rows, items}, query.options());
    for (std::int64_t from = 0; from < places; from += rows) {
      const auto n = std::min(rows, places - from);
      auto s = score.narrow(0, 0, n), to = to_query.narrow(0, from, n);
      at::exp_out(s, log_p.narrow(0, from, n));
      const auto column = answer.narrow(0, from, n).unsqueeze(1);
      s.scatter_(1, column, s.gather(1, column).sub(1));
      at::mm_out(to, s, item);
      to_item.addmm_(s.t(), weighed.narrow(0, from, n));
    }
    return {to_query.mul_(grad), to_item, {}, {}};
  }

  static std::int64_t block(std::int64_t places, std::int64_t items) {
    return std::clamp<std::int64_t>(kBlock / std::max<std::int64_t>(items, 1), 1, std::max<std::int64_t>(places, 1));
  }
};

at::Tensor cross_entropy(const at::Tensor& query, const at::Tensor& item, const at::Tensor& answer) {
  const auto type = query.scalar_type();
  if (!query.is_cpu() || item.scalar_type() != type || (type != at::kFloat && type != at::kDouble))
    return braid::cross_entropy(query.mm(item.t()), answer);
  const bool learns = at::GradMode::is_enabled() && (query.requires_grad() || item.requires_grad());
  return BlockedCrossEntropy::apply(query, item, answer, learns);
}

struct CatalogueSoftmax final : braid::Loss {
  static constexpr braid::About about{
      .summary = "Softmax cross-entropy of each place's answer among all items of a catalogue.",
      .paper = "Hidasi & Karatzoglou 2018, Recurrent Neural Networks with Top-k Gains, arXiv:1706.03847",
      .equation = "cross-entropy: -log softmax(query . items / temperature)[answer]",
      .differs = "No item is sampled: the softmax is over the whole catalogue."};

  braid::Scalar temperature{
      *this, "temperature", 1, "Divides the scores; a smaller value sharpens them.", {.low = 1e-4, .high = 100}};
  braid::In query{*this, "query", "float?[rows, places*?, dim]", "what asks: one vector a place, or one a row"};
  braid::In item{*this, "item", "float?[items, dim]",
                 "the catalogue, on a whole axis; an item without vector is no candidate"};
  braid::In key{
      *this, "key", "key[items]", "the items' keys; 0 is the unknown item, which is no candidate", {.low = 0}};
  braid::In answer{
      *this, "answer", "int?[rows, places*?]",
      "where each place's answer stands in the catalogue; a place whose answer is no candidate is left out"};
  braid::Out loss{*this, "loss", "float?[rows, places*]", "per place, in nats"};

  void run(braid::Frame& f) override {
    const auto &q = f[query], &wanted = f[answer];
    auto candidate = f[key].ne(0);
    if (f.masked(item)) candidate = candidate.logical_and(f.mask(item));
    const auto from = candidate.nonzero().squeeze(1);  // where the candidates stand
    const auto items = candidate.size(0), candidates = from.size(0);

    auto known = wanted.ge(0).logical_and(wanted.lt(items));
    if (f.masked(query)) known = known.logical_and(f.mask(query));
    if (f.masked(answer)) known = known.logical_and(f.mask(answer));
    const auto in_catalogue = known.flatten().nonzero().squeeze(1);
    const auto to = candidate.cumsum(0).sub(1).masked_fill(candidate.logical_not(), -1);  // place among candidates
    const auto found = to.index_select(0, wanted.flatten().index_select(0, in_catalogue));
    const auto has = found.ge(0).nonzero().squeeze(1);
    const auto places = in_catalogue.index_select(0, has);  // the only ones that are computed
    known = braid::zeros({known.numel()}, known).index_fill(0, places, true).view(known.sizes());

    // On a whole axis all but the unknown item, which is the first, are candidates: then nothing is copied.
    const bool tail = items > 0 && candidates == items - 1 && !candidate.select(0, 0).item<bool>();
    const auto x = candidates == items ? f[item]
                   : tail              ? f[item].narrow(0, 1, candidates)
                                       : braid::gather_rows(f[item], from);
    const auto asks = braid::gather_rows(q.reshape({-1, q.size(2)}), places).div(temperature(f));
    const auto per_place = cross_entropy(asks, x, found.index_select(0, has));
    const auto back = known.flatten().cumsum(0).sub(1).view(known.sizes()).masked_fill(known.logical_not(), -1);
    f[loss] = braid::gather_rows(per_place, back);
    f.set_mask(loss, known);
  }
};

}  // namespace

BRAID_PLUGIN(CatalogueSoftmax, "catalogue_softmax", "0.1.0")
