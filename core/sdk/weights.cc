// Layers declared as members, and how their weights start.
#include "sdk/state.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>

#include <cmath>

namespace braid {

void detail::enter(Component& owner, const std::string& prefix) { owner.state().prefix.push_back(prefix); }
void detail::leave(Component& owner) { owner.state().prefix.pop_back(); }

Weight::Weight(Component& owner, const std::string& name, std::vector<DimText> dims, Start start, Options options)
    : owner_(&owner), index_(owner.state().weights.size()) {
  auto& state = owner.state();
  WeightState w;
  for (const auto& p : state.prefix) w.schema.name += p + ".";
  w.schema.name += name;
  for (const auto& d : dims) w.schema.dims.emplace_back(d.text);
  w.schema.table = options.table;
  w.schema.decays = options.decays;
  w.start = start;
  state.schema.weights.push_back(w.schema);
  state.weights.push_back(std::move(w));
}
const at::Tensor& Weight::operator()() const { return owner_->state().weights[index_].value; }

Linear::Linear(Component& owner, const std::string& name, DimText in, DimText out, Options options)
    : has_bias_(options.bias),
      weight_(owner, name + ".weight", {out, in}, options.start, {.decays = true, .table = false}),
      bias_(options.bias ? Weight(owner, name + ".bias", {out}, {Start::zero}, {.decays = false, .table = false})
                         : weight_) {}
at::Tensor Linear::operator()(const at::Tensor& x) const {
  return has_bias_ ? at::linear(x, weight_(), bias_()) : at::linear(x, weight_());
}

Table::Table(Component& owner, const std::string& name, DimText rows, DimText dim, Start start)
    : owner_(&owner), weight_(owner, name, {rows, dim}, start, {.decays = true, .table = true}) {}
at::Tensor Table::operator()(const at::Tensor& ids) const {
  bool touched = false;
  for (const auto& w : owner_->state().weights)
    if (w.value.is_same(weight_())) touched = w.touched;
  return at::embedding(weight_(), ids, -1, false, touched && weight_().requires_grad());
}

Norm::Norm(Component& owner, const std::string& name, DimText dim, double eps)
    : eps_(eps),
      gain_(owner, name + ".weight", {dim}, {Start::one}, {.decays = false, .table = false}),
      bias_(owner, name + ".bias", {dim}, {Start::zero}, {.decays = false, .table = false}) {}
at::Tensor Norm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, gain_(), bias_(), eps_);
}

namespace {

void begin(at::Tensor& value, const Start& start, std::uint64_t seed) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto dims = value.sizes();
  const double fan_in = dims.empty() ? 1 : static_cast<double>(dims.back());
  const double fan_out = dims.size() < 2 ? 1 : static_cast<double>(dims[dims.size() - 2]);
  switch (start.how) {
    case Start::zero:
      value.zero_();
      break;
    case Start::one:
      value.fill_(1);
      break;
    case Start::constant:
      value.fill_(start.value);
      break;
    case Start::normal:
      value.normal_(0, start.value, generator);
      break;
    case Start::uniform: {
      const double half = start.per_fan_in ? start.value / std::sqrt(std::max(fan_in, 1.0)) : start.value;
      value.uniform_(-half, half, generator);
      break;
    }
    case Start::xavier_uniform: {
      const double half = std::sqrt(6.0 / std::max(fan_in + fan_out, 1.0));
      value.uniform_(-half, half, generator);
      break;
    }
  }
  if (start.zero_row_0 && value.size(0) > 0) value.select(0, 0).zero_();
}

}  // namespace

void make_weights(Component& component, const std::string& node, std::uint64_t seed, at::ScalarType type) {
  const at::NoGradGuard off;
  for (auto& w : component.state().weights) {
    std::vector<std::int64_t> sizes;
    for (const auto& d : w.schema.dims) sizes.push_back(evaluate(component, d));
    w.value = at::empty(sizes, at::TensorOptions().dtype(at::kDouble));
    // Drawn in double and rounded, so that float and double runs start from the same numbers.
    begin(w.value, w.start, mix64(seed ^ hash_text(node + "." + w.schema.name)));
    w.value = w.value.to(type);
    w.value.set_requires_grad(true);
  }
}

}  // namespace braid
