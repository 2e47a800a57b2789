// Layers declared as members, and how their weights start.
#include "sdk/state.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

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

// Four numbers out of four words of random bits: uniform in [0, 1), or normal with deviation 1 (Box and Muller 1958).
void four_uniform(const PhiloxWords& words, double* out) {
  for (int k = 0; k < 4; ++k) out[k] = static_cast<double>(words.v[k]) * 0x1p-32;
}
void four_normal(const PhiloxWords& words, double* out) {
  constexpr double turn = 6.283185307179586;
  for (int k = 0; k < 4; k += 2) {
    const double radius = std::sqrt(-2 * std::log((static_cast<double>(words.v[k]) + 1) * 0x1p-32));
    const double angle = turn * (static_cast<double>(words.v[k + 1]) * 0x1p-32);
    out[k] = radius * std::cos(angle);
    out[k + 1] = radius * std::sin(angle);
  }
}

// The rows of an embedding table [rows, dim], each a function of (stream, its key) alone, on as many threads as there
// are. `xavier_uniform` takes one row for the matrix [1, dim]: the number of rows must not change where they start.
template <class T>
void begin_rows(at::Tensor& value, const Start& start, std::uint64_t stream, const std::vector<std::uint64_t>& keys) {
  const auto rows = value.size(0), dim = value.size(1);
  auto* const data = value.mutable_data_ptr<T>();
  const double fan_in = static_cast<double>(std::max<std::int64_t>(dim, 1));
  double scale = start.value, shift = 0;
  bool normal = false, drawn = true;
  switch (start.how) {
    case Start::zero:
    case Start::one:
    case Start::constant:
      shift = start.how == Start::zero ? 0 : start.how == Start::one ? 1 : start.value;
      drawn = false;
      break;
    case Start::normal:
      normal = true;
      break;
    case Start::uniform:
      shift = -(start.per_fan_in ? start.value / std::sqrt(fan_in) : start.value);
      scale = -2 * shift;
      break;
    case Start::xavier_uniform:
      shift = -std::sqrt(6.0 / (1 + fan_in));
      scale = -2 * shift;
      break;
  }
  at::parallel_for(0, rows, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(dim, 1)), [&](auto from, auto to) {
    double four[4];
    for (auto row = from; row < to; ++row) {
      const auto key = keys.empty() ? mix64(static_cast<std::uint64_t>(row)) : keys[static_cast<std::size_t>(row)];
      auto* const line = data + row * dim;
      if (const bool unknown = row == 0 && start.zero_row_0; unknown || !drawn) {
        std::fill(line, line + dim, static_cast<T>(unknown ? 0 : shift));
        continue;
      }
      for (std::int64_t place = 0; place < dim; place += 4) {
        const auto words = philox_words(stream, key, static_cast<std::uint64_t>(place / 4));
        if (normal) four_normal(words, four);
        else four_uniform(words, four);
        for (std::int64_t k = 0; k < 4 && place + k < dim; ++k)
          line[place + k] = static_cast<T>(shift + scale * four[k]);
      }
    }
  });
}

}  // namespace

void make_weights(Component& component, const std::string& node, std::uint64_t seed, at::ScalarType type,
                  const StartKeys& start_keys) {
  const at::NoGradGuard off;
  auto& weights = component.state().weights;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    auto& w = weights[k];
    std::vector<std::int64_t> sizes;
    for (const auto& d : w.schema.dims) sizes.push_back(evaluate(component, d));
    const auto stream = mix64(seed ^ hash_text(node + "." + w.schema.name));
    // Drawn in double and rounded, so that float and double runs start from the same numbers.
    if (w.schema.table && sizes.size() == 2) {
      w.value = at::empty(sizes, at::TensorOptions().dtype(type == at::kFloat ? at::kFloat : at::kDouble));
      const auto keys = start_keys ? start_keys(k) : std::vector<std::uint64_t>{};
      if (!keys.empty() && static_cast<std::int64_t>(keys.size()) != sizes[0])
        throw std::logic_error("weight '" + node + "." + w.schema.name + "' has " + std::to_string(sizes[0]) +
                               " rows, and its ids have " + std::to_string(keys.size()) + " texts");
      if (type == at::kFloat) begin_rows<float>(w.value, w.start, stream, keys);
      else begin_rows<double>(w.value, w.start, stream, keys);
    } else {
      w.value = at::empty(sizes, at::TensorOptions().dtype(at::kDouble));
      begin(w.value, w.start, stream);
    }
    w.value = w.value.to(type);
    w.value.set_requires_grad(true);
  }
}

}  // namespace braid
