#include "kernels/packed_attention_autograd.h"

#include "kernels/packed_attention.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <optional>

namespace braid::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Below so many multiply-adds another thread costs more than it brings.
constexpr std::int64_t kGrain = 1 << 18;

// `q` and `kv` are one tensor where attention is to itself.
PackedAttention arguments(const at::Tensor& q, const at::Tensor& kv, const at::Tensor& q_starts,
                          const at::Tensor& kv_starts, std::int64_t heads, double scale, bool causal) {
  const bool self = q.is_same(kv);
  const auto dim = self ? q.size(1) / 3 : q.size(1);
  PackedAttention in;
  in.rows = q_starts.size(0) - 1;
  in.heads = heads;
  in.width = dim / heads;
  in.q = q.const_data_ptr<float>();
  in.k = kv.const_data_ptr<float>() + (self ? dim : 0);
  in.v = in.k + dim;
  in.q_step = q.size(1);
  in.k_step = kv.size(1);
  in.q_starts = q_starts.const_data_ptr<std::int64_t>();
  in.k_starts = kv_starts.const_data_ptr<std::int64_t>();
  in.scale = static_cast<float>(scale);
  in.causal = causal;
  return in;
}

// Rows are independent, so how they are shared by threads does not change a bit.
template <class Do>
void each_part(const PackedAttention& in, const Do& act) {
  const auto mean = in.rows == 0 ? 1
                                 : std::max<std::int64_t>(1, in.k_starts[in.rows] / in.rows) *
                                       std::max<std::int64_t>(1, in.q_starts[in.rows] / in.rows);
  at::parallel_for(0, in.rows,
                   std::max<std::int64_t>(1, kGrain / (mean * in.heads * std::max<std::int64_t>(in.width, 1))), act);
}

struct Attend final : torch::autograd::Function<Attend> {
  // No kv: q holds keys and values too.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const std::optional<at::Tensor>& kv,
                            const at::Tensor& q_starts, const at::Tensor& kv_starts, std::int64_t heads, double scale,
                            bool causal, bool learns) {
    const auto own = q.contiguous(), other = kv ? kv->contiguous() : own;
    const auto in = arguments(own, other, q_starts, kv_starts, heads, scale, causal);
    auto out = at::empty({own.size(0), in.heads * in.width}, own.options());
    auto log_sum = learns ? at::empty({own.size(0), heads}, own.options()) : at::Tensor();
    auto *const to = out.mutable_data_ptr<float>(), *const sums = learns ? log_sum.mutable_data_ptr<float>() : nullptr;
    each_part(in, [&](std::int64_t begin, std::int64_t end) { packed_attention(in, begin, end, to, sums); });
    if (learns) context->save_for_backward({own, kv ? other : at::Tensor(), q_starts, kv_starts, log_sum});
    context->saved_data["heads"] = heads;
    context->saved_data["scale"] = scale;
    context->saved_data["causal"] = causal;
    return out;
  }

  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    const auto saved = context->get_saved_variables();
    const bool self = !saved[1].defined();
    const auto& q = saved[0];
    const auto& kv = self ? q : saved[1];
    const auto in = arguments(q, kv, saved[2], saved[3], context->saved_data["heads"].toInt(),
                              context->saved_data["scale"].toDouble(), context->saved_data["causal"].toBool());
    const auto grad = grads[0].contiguous();
    const auto dim = in.heads * in.width;
    auto dq = at::empty(q.sizes(), q.options()), dkv = self ? dq : at::empty(kv.sizes(), kv.options());
    auto* const to_q = dq.mutable_data_ptr<float>();
    auto* const to_k = dkv.mutable_data_ptr<float>() + (self ? dim : 0);
    each_part(in, [&](std::int64_t begin, std::int64_t end) {
      packed_attention_backward(in, saved[4].const_data_ptr<float>(), grad.const_data_ptr<float>(), begin, end, to_q,
                                to_k, to_k + dim);
    });
    return {dq, self ? at::Tensor() : dkv, {}, {}, {}, {}, {}, {}};
  }
};

bool wants_grad(const at::Tensor& x) { return x.defined() && x.requires_grad() && at::GradMode::is_enabled(); }

}  // namespace

bool packed_attention_takes(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; }

at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& kv, const at::Tensor& q_starts,
                            const at::Tensor& kv_starts, std::int64_t heads, double scale) {
  return Attend::apply(q, std::optional<at::Tensor>(kv), q_starts, kv_starts, heads, scale, false,
                       wants_grad(q) || wants_grad(kv));
}
at::Tensor packed_self_attention(const at::Tensor& qkv, const at::Tensor& starts, std::int64_t heads, double scale,
                                 bool causal) {
  return Attend::apply(qkv, std::optional<at::Tensor>(), starts, starts, heads, scale, causal, wants_grad(qkv));
}

}  // namespace braid::kernels
