// Checks of what rounding does: large and tiny inputs, bfloat16, CUDA.
#include "conform/checks.h"
#include "conform/graph_walk.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <cmath>

namespace braid::conform {

void check_range(Trial& t) {
  for (const double size : {1e4, 1e-30}) {
    Instance one(t.test, at::kFloat);
    const auto& state = one.component().state();
    bool any = false;
    Trial::each_wire(one, [&](std::size_t port, std::size_t, Flow& flow) {
      if (!flow.value.is_floating_point()) return;
      any = true;
      const auto& schema = state.schema.ports[state.input_ports[port]];
      // The ends of the range, in turn; ripple() has both signs.
      auto value = ripple(flow.value).sign() * size;
      if (schema.low && schema.high) value = at::where(value.gt(0), *schema.high, *schema.low).to(at::kFloat);
      else if (schema.low) value = value.abs().clamp_min(*schema.low);
      else if (schema.high) value = value.abs().neg().clamp_max(*schema.high);
      if (flow.mask.defined()) value = value.masked_fill(widened(flow.mask, value).logical_not(), 0);
      flow.value = value.to(flow.value.scalar_type());
    });
    if (!any) return;
    t.all_finite("with inputs of size " + number_text(size) + ", or at the ends of their ranges", one, {true, 3, 1});
    if (!t.failures.empty()) return;
  }
}

namespace {

// What outputs do when every floating input and weight moves by a relative `unit`, at random: the worst of eight tries,
// largest place of each output.
std::map<std::string, double> sensitivity(Trial& t, Instance& exact, const Instance::Outputs& want, double unit) {
  std::map<std::string, double> out;
  std::vector<at::Tensor> places, before;
  Trial::each_wire(exact, [&](std::size_t, std::size_t, Flow& flow) {
    if (flow.value.is_floating_point()) places.push_back(flow.value);
  });
  for (auto& w : exact.component().state().weights) places.push_back(w.value);
  for (auto& p : places) before.push_back(p.clone());
  for (int round = 0; round < 8; ++round) {
    for (std::size_t k = 0; k < places.size(); ++k) {
      const auto sign = (at::arange(places[k].numel(), at::TensorOptions().dtype(at::kDouble)) * (1.7 + round) +
                         static_cast<double>(k))
                            .sin()
                            .sign()
                            .view(places[k].sizes());
      places[k].copy_(before[k] * (sign * unit + 1));
    }
    for (const auto& [name, flow] : exact.run({false, 3, 1})) {
      if (!flow.value.is_floating_point() || flow.value.numel() == 0) continue;
      const auto moved = (t.read(exact, flow) - t.read(exact, want.at(name))).abs().max().item<double>();
      out[name] = std::max(out[name], moved);
    }
  }
  for (std::size_t k = 0; k < places.size(); ++k) places[k].copy_(before[k]);
  return out;
}

// Compares `rough` with double on the same inputs and weights. Each of n operations rounds its result by one unit, and
// rounding a result is no worse than moving its operands so far; eight tries find the direction within a factor of 4.
void compare(Trial& t, Instance& exact, Instance& rough, const std::string& what, double unit) {
  const at::NoGradGuard off;
  const auto want = exact.run({false, 3, 1});
  std::size_t operations = 1;
  {
    const at::AutoGradMode on(true);
    Instance counted(t.test, at::kDouble);
    t.leaves(counted);
    for (const auto& [name, flow] : counted.run({false, 3, 1})) operations += operations_count(flow.value);
  }
  const auto moved = sensitivity(t, exact, want, unit);
  for (const auto& [name, flow] : rough.run({false, 3, 1})) {
    if (!flow.value.is_floating_point() || flow.value.numel() == 0 || !want.contains(name)) continue;
    const auto y = t.read(exact, want.at(name));
    const auto x = t.read(rough, flow).to(at::kCPU).to(at::kDouble);
    const auto largest = y.abs().max().item<double>();
    if (!std::isfinite(largest)) continue;  // another check's
    const auto bound = static_cast<double>(operations) * 4 * (moved.contains(name) ? moved.at(name) : 0) +
                       2 * unit * (largest + 1e-30);
    const auto far = (x - y).abs().max().item<double>();
    if (far <= bound) continue;
    t.fail("output " + name + " is " + number_text(far, 6) + " from double in " + what + "; " +
           std::to_string(operations) + " rounded operations may make it " + number_text(bound, 6));
  }
}

}  // namespace

void check_bfloat16(Trial& t) {
  Instance exact(t.test, at::kDouble), rough(t.test, at::kBFloat16);
  exact.fill();
  // Both see what bfloat16 can hold.
  const auto as_held = [](at::Tensor x) { return x.to(at::kBFloat16).to(at::kDouble); };
  const at::NoGradGuard off;
  Trial::each_wire(exact, [&](std::size_t port, std::size_t k, Flow& flow) {
    if (!flow.value.is_floating_point()) return;
    flow.value = as_held(flow.value);
    rough.inputs[port][k].value = flow.value.to(at::kBFloat16);
  });
  auto& weights = exact.component().state().weights;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    weights[k].value.copy_(as_held(weights[k].value));
    rough.component().state().weights[k].value.copy_(weights[k].value);
  }
  compare(t, exact, rough, "bfloat16", std::ldexp(1.0, -8));
}

bool has_device() { return at::hasCUDA(); }

void check_cuda(Trial& t) {
  Instance exact(t.test, at::kDouble), rough(t.test, at::kFloat);
  exact.fill();
  const at::NoGradGuard off;
  const auto device = at::Device(at::kCUDA, 0);
  Trial::each_wire(exact, [&](std::size_t port, std::size_t k, Flow& flow) {
    auto& there = rough.inputs[port][k];
    if (flow.value.is_floating_point()) flow.value = flow.value.to(at::kFloat).to(at::kDouble);
    there.value = (flow.value.is_floating_point() ? flow.value.to(at::kFloat) : flow.value).to(device);
    for (auto* part : {&there.mask, &there.list_mask, &there.present})
      if (part->defined()) *part = part->to(device);
  });
  auto& weights = exact.component().state().weights;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    weights[k].value.copy_(weights[k].value.to(at::kFloat));
    auto& there = rough.component().state().weights[k].value;
    there = weights[k].value.to(at::kFloat).to(device);
  }
  if (rough.keys.defined()) rough.keys = rough.keys.to(device);
  compare(t, exact, rough, "float32 on CUDA", std::ldexp(1.0, -24));
}

}  // namespace braid::conform
