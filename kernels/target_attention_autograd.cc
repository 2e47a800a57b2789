#include "kernels/target_attention_autograd.h"

#include "kernels/target_attention.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace braid::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;
using torch::autograd::Variable;

// Inputs that are saved, in this order; the histories follow.
enum Saved { kTarget, kBase, kPlace, kProduct, kScore, kBias, kMask, kWeight, kHidden, kHistory };

// Rows are cut alike for any number of threads, so that the parts' sums are, too.
constexpr std::int64_t kPartRows = 128;
constexpr std::int64_t kMostParts = 64;

struct Parts {
  std::int64_t rows, count;
  explicit Parts(std::int64_t n)
      : rows(n), count(std::clamp<std::int64_t>((n + kPartRows - 1) / kPartRows, 1, kMostParts)) {}
  std::int64_t begin(std::int64_t p) const { return rows * p / count; }
};

TargetAttention arguments(const tensor_list& t, bool softmax) {
  TargetAttention in;
  in.rows = t[kMask].size(0);
  in.places = t[kMask].size(1);
  in.width = t[kBase].size(1);
  in.target = t[kTarget].const_data_ptr<float>();
  in.base = t[kBase].const_data_ptr<float>();
  in.w_place = t[kPlace].const_data_ptr<float>();
  in.w_product = t[kProduct].const_data_ptr<float>();
  in.score = t[kScore].const_data_ptr<float>();
  in.bias = *t[kBias].const_data_ptr<float>();
  in.mask = t[kMask].const_data_ptr<bool>();
  in.softmax = softmax;
  for (auto k = static_cast<std::size_t>(kHistory); k < t.size(); ++k)
    in.streams.push_back({t[k].const_data_ptr<float>(), t[k].size(2)});
  return in;
}

struct Attend final : torch::autograd::Function<Attend> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& target, const at::Tensor& base,
                            const at::Tensor& w_place, const at::Tensor& w_product, const at::Tensor& score,
                            const at::Tensor& bias, const at::Tensor& mask, bool softmax, bool learns,
                            at::TensorList history);
  static tensor_list backward(AutogradContext* context, tensor_list grads);
};

at::Tensor Attend::forward(AutogradContext* context, const at::Tensor& target, const at::Tensor& base,
                           const at::Tensor& w_place, const at::Tensor& w_product, const at::Tensor& score,
                           const at::Tensor& bias, const at::Tensor& mask, bool softmax, bool learns,
                           at::TensorList history) {
  tensor_list saved{target.contiguous(),  base.contiguous(),
                    w_place.contiguous(), w_product.contiguous(),
                    score.contiguous(),   bias,
                    mask.contiguous(),    at::empty({mask.size(0), mask.size(1)}, target.options()),
                    at::Tensor()};
  for (const auto& h : history) saved.push_back(h.contiguous());
  const auto in = arguments(saved, softmax);
  if (learns) saved[kHidden] = at::empty({in.rows, in.places, in.padded_width()}, target.options());
  auto pooled = at::empty({in.rows, in.dims()}, target.options());
  auto* const to = pooled.mutable_data_ptr<float>();
  auto* const weight = saved[kWeight].mutable_data_ptr<float>();
  auto* const hidden = learns ? saved[kHidden].mutable_data_ptr<float>() : nullptr;
  const Parts parts(in.rows);
  at::parallel_for(0, parts.count, 1, [&](std::int64_t from, std::int64_t until) {
    target_attention(in, parts.begin(from), parts.begin(until), to, weight, hidden);
  });
  if (learns) context->save_for_backward(saved);
  context->saved_data["softmax"] = softmax;
  return pooled;
}

tensor_list Attend::backward(AutogradContext* context, tensor_list grads) {
  const auto saved = context->get_saved_variables();
  const auto in = arguments(saved, context->saved_data["softmax"].toBool());
  const auto dims = in.dims();
  const auto options = saved[kTarget].options();
  const auto grad = grads[0].contiguous();

  auto target = at::empty({in.rows, dims}, options), base = at::empty({in.rows, in.width}, options);
  TargetAttentionGrads out;
  out.target = target.mutable_data_ptr<float>();
  out.base = base.mutable_data_ptr<float>();
  tensor_list history;
  for (const auto& s : in.streams) {
    history.push_back(at::empty({in.rows, in.places, s.dim}, options));
    out.history.push_back(history.back().mutable_data_ptr<float>());
  }
  // Per part: W_place, W_product, score, bias.
  const Parts parts(in.rows);
  const auto weights = in.width * dims, stride = 2 * weights + in.width + 1;
  auto shared = at::zeros({parts.count, stride}, options);
  auto* const sums = shared.mutable_data_ptr<float>();
  at::parallel_for(0, parts.count, 1, [&](std::int64_t from, std::int64_t until) {
    for (auto p = from; p < until; ++p) {
      auto mine = out;
      float* const at = sums + p * stride;
      mine.w_place = at;
      mine.w_product = at + weights;
      mine.score = at + 2 * weights;
      mine.bias = at + 2 * weights + in.width;
      target_attention_backward(in, saved[kWeight].const_data_ptr<float>(), saved[kHidden].const_data_ptr<float>(),
                                grad.const_data_ptr<float>(), parts.begin(p), parts.begin(p + 1), mine);
    }
  });
  const auto all = shared.sum(0);
  tensor_list result{target,
                     base,
                     all.narrow(0, 0, weights).view({in.width, dims}),
                     all.narrow(0, weights, weights).view({in.width, dims}),
                     all.narrow(0, 2 * weights, in.width).view_as(saved[kScore]),
                     all.narrow(0, 2 * weights + in.width, 1),
                     Variable(),
                     Variable(),
                     Variable()};
  for (auto& h : history) result.push_back(h);
  return result;
}

}  // namespace

bool target_attention_takes(const at::Tensor& target, const std::vector<at::Tensor>& history) {
  bool fits = target.device().is_cpu() && target.scalar_type() == at::kFloat;
  for (const auto& h : history)
    fits = fits && h.device().is_cpu() && h.scalar_type() == at::kFloat && h.size(2) % 8 == 0;
  return fits;
}

at::Tensor target_attention(const std::vector<at::Tensor>& history, const at::Tensor& target, const at::Tensor& base,
                            const at::Tensor& w_place, const at::Tensor& w_product, const at::Tensor& score,
                            const at::Tensor& bias, const at::Tensor& mask, bool softmax) {
  // Inside forward() grad mode is off already, so what is kept for a backward is decided here.
  bool learns = false;
  for (const auto* t : {&target, &base, &w_place, &w_product, &score, &bias})
    learns = learns || (t->defined() && t->requires_grad());
  for (const auto& h : history) learns = learns || h.requires_grad();
  learns = learns && at::GradMode::is_enabled();
  return Attend::apply(target, base, w_place, w_product, score,
                       bias.defined() ? bias : at::zeros({1}, target.options()), mask, softmax, learns,
                       at::TensorList(history));
}

}  // namespace braid::kernels
