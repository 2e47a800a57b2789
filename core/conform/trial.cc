#include "conform/trial.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace braid::conform {
namespace {

std::string port_name(const ComponentState& state, std::size_t port) {
  return state.schema.ports[state.input_ports[port]].name;
}

}  // namespace

at::Tensor widened(at::Tensor mask, const at::Tensor& like) {
  while (mask.dim() < like.dim()) mask = mask.unsqueeze(-1);
  return mask;
}

at::Tensor ripple(const at::Tensor& like) {
  const auto k = at::arange(like.numel(), at::TensorOptions().dtype(at::kDouble));
  return ((k * 0.37 + 0.5).sin() + 0.1).view(like.sizes()).to(like.options().requires_grad(false));
}

at::Tensor nan_equal(const at::Tensor& x) { return x.is_floating_point() ? x.nan_to_num(3e38) : x; }

at::Tensor first_rows(std::int64_t n) { return at::arange(n, at::TensorOptions().dtype(at::kLong)); }

Trial::Trial(const Case& test_in, const ComponentSchema& card_in)
    : test(test_in),
      card(card_in),
      loss(card.kind == Kind::loss || card.kind == Kind::distiller),
      distiller(card.kind == Kind::distiller),
      metric(card.kind == Kind::metric) {}

std::string Trial::wire_name(Instance& one, std::size_t port, std::size_t k) const {
  const auto& state = one.component().state();
  const auto name = port_name(state, port);
  return state.schema.ports[state.input_ports[port]].repeated ? name + "[" + std::to_string(k) + "]" : name;
}

bool Trial::constant(Instance& one, std::size_t port) const {
  const auto& state = one.component().state();
  const auto name = port_name(state, port);
  return metric || state.schema.ports[state.input_ports[port]].constant ||
         std::count(test.constants.begin(), test.constants.end(), name) > 0 ||
         (distiller && name.starts_with("teacher"));
}

bool Trial::rows_apart() const {
  return test.rows_apart.value_or(card.kind == Kind::tower || card.kind == Kind::fusion || card.kind == Kind::ranker);
}

void Trial::cut(Instance& one, const at::Tensor& rows) {
  const auto& state = one.component().state();
  each_wire(one, [&](std::size_t port, std::size_t, Flow& flow) {
    if (state.inputs[port].dims.at(0).size != one.rows_axis()) return;
    for (auto* part : {&flow.value, &flow.mask, &flow.list_mask, &flow.present})
      if (part->defined()) *part = part->index_select(0, rows);
  });
  if (one.keys.defined()) one.keys = one.keys.index_select(0, rows);
}

// The rows of a loss that the host counts: no wire of it is absent.
at::Tensor Trial::counted(Instance& one) const {
  at::Tensor out;
  const auto& state = one.component().state();
  each_wire(one, [&](std::size_t port, std::size_t, Flow& flow) {
    if (!state.inputs[port].optional_rows || state.inputs[port].dims.at(0).size != one.rows_axis() ||
        !flow.mask.defined() || flow.list_mask.defined())
      return;
    const auto present = flow.mask.dim() > 1 ? flow.mask.flatten(1).any(1) : flow.mask;
    out = out.defined() ? out.logical_and(present) : present;
  });
  return out;
}

at::Tensor Trial::read(Instance& one, const Flow& flow) const {
  auto mask = flow.mask;
  if (loss && flow.value.dim() > 0 && !mask.defined()) mask = counted(one);
  if (!mask.defined()) return flow.value;
  return flow.value.masked_fill(widened(mask, flow.value).logical_not(), 0);
}

Trial::Results Trial::results(Instance& one, Options options) const {
  Results out;
  for (const auto& [name, flow] : one.run(options)) out.emplace_back("output " + name, read(one, flow));
  const auto& names = one.component().state().states;
  for (std::size_t k = 0; k < one.appended.size(); ++k)
    if (one.appended[k].defined()) out.emplace_back("state " + names[k], one.appended[k]);
  return out;
}

std::pair<at::Tensor, double> Trial::total(Instance& one, Options options) const {
  at::Tensor sum;
  double terms = 0;
  for (const auto& [name, flow] : one.run(options)) {
    if (!flow.value.is_floating_point()) continue;
    const auto part = read(one, flow) * ripple(flow.value);
    terms += part.detach().abs().sum().item<double>();
    sum = sum.defined() ? sum + part.sum().to(at::kDouble) : part.sum().to(at::kDouble);
  }
  return {sum, terms};
}

std::vector<Leaf> Trial::leaves(Instance& one) const {
  std::vector<Leaf> out;
  each_wire(one, [&](std::size_t port, std::size_t k, Flow& flow) {
    if (!flow.value.is_floating_point() || constant(one, port)) return;
    flow.value = flow.value.detach().clone().set_requires_grad(true);
    out.push_back({"input " + wire_name(one, port, k), flow.value, flow.mask});
  });
  for (auto& w : one.component().state().weights) out.push_back({"weight " + w.schema.name, w.value, {}});
  return out;
}

void Trial::backward(const at::Tensor& sum, std::vector<Leaf>& all) {
  for (auto& leaf : all) leaf.value.mutable_grad().reset();
  if (sum.defined() && sum.requires_grad()) sum.backward();
}

at::Tensor Trial::grad_of(const Leaf& leaf) {
  if (!leaf.value.grad().defined()) return at::zeros_like(leaf.value);
  return leaf.value.grad().is_sparse() ? leaf.value.grad().to_dense() : leaf.value.grad();
}

std::vector<std::string> Trial::other_bits(const Results& a, const std::string& of_a, const Results& b,
                                           const std::string& of_b) {
  std::vector<std::string> out;
  for (std::size_t k = 0; k < std::max(a.size(), b.size()); ++k) {
    if (k >= a.size() || k >= b.size() || a[k].first != b[k].first) return {"other outputs are set"};
    if (at::equal(nan_equal(a[k].second), nan_equal(b[k].second))) continue;
    if (a[k].second.sizes() != b[k].second.sizes()) {
      out.push_back(a[k].first + " has other sizes");
      continue;
    }
    const auto apart = farthest(a[k].second, b[k].second, 0);
    const auto [first, second] = apart ? told_apart(apart->got, apart->want) : std::pair<std::string, std::string>();
    out.push_back(a[k].first + (apart ? " at " + apart->place + ": " + first + " " + of_a + ", " + second + " " + of_b
                                      : std::string(" has other bits")));
  }
  return out;
}

void Trial::same_bits(const std::string& what, const Results& a, const std::string& of_a, const Results& b,
                      const std::string& of_b) {
  for (const auto& other : other_bits(a, of_a, b, of_b)) fail(what + ": " + other);
}

void Trial::all_finite(const std::string& when, Instance& one, Options options) {
  auto all = leaves(one);
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  for (const auto& [name, flow] : one.run(options))
    if (flow.value.is_floating_point() && !read(one, flow).isfinite().all().item<bool>()) add("output " + name);
  if (options.training && !metric) {
    backward(total(one, options).first, all);
    for (const auto& leaf : all)
      if (!grad_of(leaf).isfinite().all().item<bool>()) add("the gradient of " + leaf.name);
  }
  if (!names.empty()) fail("not finite " + when + ": " + names);
}

}  // namespace braid::conform
