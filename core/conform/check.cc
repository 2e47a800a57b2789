// The checks themselves. Each runs on instances of its own, in double, and adds a line per failure.
#include "conform/conform.h"
#include "conform/graph_walk.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

namespace braid::conform {
namespace {

using Outputs = Instance::Outputs;
using Options = Instance::Options;

at::Tensor widened(at::Tensor mask, const at::Tensor& like) {
  while (mask.dim() < like.dim()) mask = mask.unsqueeze(-1);
  return mask;
}

// A number for every place of a tensor, so that a sum over weighted places tells them apart.
at::Tensor ripple(const at::Tensor& like) {
  const auto k = at::arange(like.numel(), at::TensorOptions().dtype(at::kDouble));
  return ((k * 0.37 + 0.5).sin() + 0.1).view(like.sizes()).to(like.scalar_type());
}

std::string port_name(const ComponentState& state, std::size_t port) {
  return state.schema.ports[state.input_ports[port]].name;
}

struct Check {
  const Case& test;
  std::vector<std::string> failures;
  bool loss = false, distiller = false;

  void fail(const std::string& what) { failures.push_back(what); }

  // ---- helpers on an instance ----

  std::string wire_name(Instance& one, std::size_t port, std::size_t k) const {
    const auto& state = one.component().state();
    const auto name = port_name(state, port);
    return state.schema.ports[state.input_ports[port]].repeated ? name + "[" + std::to_string(k) + "]" : name;
  }

  bool constant(Instance& one, std::size_t port) const {
    const auto name = port_name(one.component().state(), port);
    return std::count(test.constants.begin(), test.constants.end(), name) > 0 ||
           (distiller && name.starts_with("teacher"));
  }

  template <class Do>
  static void each_wire(Instance& one, Do&& act) {
    for (std::size_t port = 0; port < one.inputs.size(); ++port)
      for (std::size_t k = 0; k < one.inputs[port].size(); ++k) act(port, k, one.inputs[port][k]);
  }

  // Inputs cut to these rows of the output's axis.
  static void cut(Instance& one, const at::Tensor& rows) {
    const auto& state = one.component().state();
    each_wire(one, [&](std::size_t port, std::size_t, Flow& flow) {
      if (state.inputs[port].dims.at(0).size != one.rows_axis()) return;
      for (auto* part : {&flow.value, &flow.mask, &flow.list_mask, &flow.present})
        if (part->defined()) *part = part->index_select(0, rows);
    });
    if (one.keys.defined()) one.keys = one.keys.index_select(0, rows);
  }
  static std::int64_t rows_of(Instance& one) { return one.keys.defined() ? one.keys.size(0) : 0; }

  // The rows of a loss that the host counts: no wire of it is absent.
  at::Tensor counted(Instance& one) const {
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

  // What the host reads of an output: hidden places are zero.
  at::Tensor read(Instance& one, const Flow& flow) const {
    auto mask = flow.mask;
    if (loss && flow.value.dim() > 0 && !mask.defined()) mask = counted(one);
    if (!mask.defined()) return flow.value;
    return flow.value.masked_fill(widened(mask, flow.value).logical_not(), 0);
  }

  // One number for all floating outputs, and the sum of its terms' sizes (for rounding errors).
  std::pair<at::Tensor, double> total(Instance& one, Options options) const {
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

  struct Leaf {
    std::string name;
    at::Tensor value;
    at::Tensor mask;
  };
  // Every tensor that ought to get a gradient, made ready for it.
  std::vector<Leaf> leaves(Instance& one) const {
    std::vector<Leaf> out;
    each_wire(one, [&](std::size_t port, std::size_t k, Flow& flow) {
      if (!flow.value.is_floating_point() || constant(one, port)) return;
      flow.value = flow.value.detach().clone().set_requires_grad(true);
      out.push_back({"input " + wire_name(one, port, k), flow.value, flow.mask});
    });
    for (auto& w : one.component().state().weights) out.push_back({"weight " + w.schema.name, w.value, {}});
    return out;
  }
  static void backward(const at::Tensor& sum, std::vector<Leaf>& all) {
    for (auto& leaf : all) leaf.value.mutable_grad().reset();
    if (sum.defined() && sum.requires_grad()) sum.backward();
  }
  static at::Tensor grad_of(const Leaf& leaf) {
    if (!leaf.value.grad().defined()) return at::zeros_like(leaf.value);
    return leaf.value.grad().is_sparse() ? leaf.value.grad().to_dense() : leaf.value.grad();
  }

  void same_bits(const std::string& what, const Outputs& a, const Outputs& b, Instance& one) {
    for (const auto& [name, flow] : a) {
      const auto other = b.find(name);
      if (other == b.end()) {
        fail(what + ": output " + name + " is gone");
        continue;
      }
      const auto x = read(one, flow), y = read(one, other->second);
      if (!at::equal(x, y)) fail(what + ": output " + name + ": " + difference(x, y));
    }
  }
  static std::string difference(const at::Tensor& x, const at::Tensor& y) {
    const auto text = differs(x, y, 0);
    return text.empty() ? "bits differ" : text;
  }

  // ---- the checks ----

  void ports() {
    Instance one(test, at::kDouble);
    const auto& mine = one.component().state().schema;
    loss = mine.kind == Kind::loss || mine.kind == Kind::distiller;
    distiller = mine.kind == Kind::distiller;
    for (const auto& card : describe(test.component).ports) {
      const auto* port = mine.port(card.name, card.output);
      if (!port) fail("port " + card.name + " stands in the card and is missing with these values");
      else if (port->shape != card.shape || port->optional != card.optional || port->repeated != card.repeated)
        fail("port " + card.name + " is " + port->shape + " with these values and " + card.shape + " in the card");
    }
  }

  void sizes_at(std::int64_t rows) {
    Instance one(test, at::kDouble);
    if (rows < test.least_rows || rows > rows_of(one)) return;
    cut(one, at::arange(rows, at::TensorOptions().dtype(at::kLong)));
    for (const bool training : {false, true}) {
      auto all = leaves(one);
      const auto outputs = one.run({training, 3, 1});
      for (const auto& [name, flow] : outputs) {
        if (flow.value.is_floating_point() && !read(one, flow).isfinite().all().item<bool>())
          fail("output " + name + " is not finite with " + std::to_string(rows) + " rows");
        if (flow.mask.defined() &&
            flow.mask.sizes() != flow.value.sizes().slice(0, static_cast<std::size_t>(flow.mask.dim())))
          fail("output " + name + ": its mask does not have its sizes");
        if (flow.mask.defined() && !loss &&
            at::where(widened(flow.mask, flow.value), at::zeros_like(flow.value), flow.value).ne(0).any().item<bool>())
          fail("output " + name + " is not zero where its mask hides it");
      }
      backward(total(one, {training, 3, 1}).first, all);
      for (const auto& leaf : all)
        if (!grad_of(leaf).isfinite().all().item<bool>())
          fail("the gradient of " + leaf.name + " is not finite with " + std::to_string(rows) + " rows");
    }
  }

  void gradients(bool training) {
    Instance one(test, at::kDouble);
    one.fill();
    const Options options{training, 3, 1};
    auto all = leaves(one);
    backward(total(one, options).first, all);
    const at::NoGradGuard off;
    for (const auto& leaf : all) {
      const auto exact = grad_of(leaf).flatten().clone();
      if (leaf.mask.defined() &&
          at::where(widened(leaf.mask, leaf.value), at::zeros_like(leaf.value), grad_of(leaf)).ne(0).any().item<bool>())
        fail("the gradient of " + leaf.name + " is not zero at hidden places");
      const auto n = leaf.value.numel(), probes = std::min(n, test.elements);
      const auto hidden = leaf.mask.defined()
                              ? widened(leaf.mask, leaf.value).expand(leaf.value.sizes()).logical_not().flatten()
                              : at::Tensor();
      for (std::int64_t p = 0; p < probes; ++p) {
        const auto at = p * n / probes;
        if (hidden.defined() && hidden[at].item<bool>()) continue;
        if (const auto why = measure(one, options, leaf.value, at, exact[at].item<double>()); !why.empty()) {
          fail("the gradient of " + leaf.name + " at element " + std::to_string(at) +
               (training ? " in training: " : ": ") + why);
          break;
        }
      }
    }
  }

  // Whether training is another function than evaluation: dropout, batch statistics.
  bool training_differs() {
    Instance one(test, at::kDouble);
    one.fill();
    const auto still = one.run({false, 3, 1});
    for (const auto& [name, flow] : one.run({true, 3, 1}))
      if (const auto other = still.find(name);
          other == still.end() || !at::equal(read(one, flow), read(one, other->second)))
        return true;
    return false;
  }

  // Central differences at h and 2h: their combination is exact to h^4, their distance bounds the error of both, and
  // what the sum loses by rounding is known from its terms.
  std::string measure(Instance& one, Options options, const at::Tensor& x, std::int64_t at, double exact) const {
    auto place = x.detach().view(-1)[at];
    const auto before = place.item<double>(), h = 1e-4 * std::max(1.0, std::abs(before));
    double terms = 0;
    const auto value = [&](double shift) {
      place.fill_(before + shift);
      const auto [sum, size] = total(one, options);
      terms = std::max(terms, size);
      return sum.defined() ? sum.item<double>() : 0.0;
    };
    const double near = (value(h) - value(-h)) / (2 * h), far = (value(2 * h) - value(-2 * h)) / (4 * h);
    place.fill_(before);
    const double measured = (4 * near - far) / 3,
                 tolerance = std::abs(near - far) + 64 * 2.2e-16 * (terms + 1) / h + 1e-9 * std::abs(measured);
    if (std::abs(measured - exact) <= tolerance) return "";
    std::ostringstream out;
    out.precision(10);
    out << "backward says " << exact << ", differences say " << measured << " +- " << tolerance;
    return out.str();
  }

  void masks() {
    Instance plain(test, at::kDouble), other(test, at::kDouble);
    bool any = false;
    each_wire(other, [&](std::size_t port, std::size_t k, Flow& flow) {
      if (!flow.mask.defined()) return;
      any = true;
      auto noise = flow.value;
      if (flow.value.is_floating_point()) noise = ripple(flow.value) * 1e3;
      else if (flow.value.scalar_type() == at::kBool) noise = flow.value.logical_not();
      else {
        const auto n = test.inputs.at(port_name(other.component().state(), port))[k].id_rows;
        noise = n > 1 ? (flow.value + 1).remainder(n) : flow.value + 1;
      }
      flow.value = at::where(widened(flow.mask, flow.value), flow.value, noise);
    });
    if (!any) return;
    for (const bool training : {false, true})
      same_bits("what a mask hides changes the result", plain.run({training, 3, 1}), other.run({training, 3, 1}),
                plain);
  }

  void all_hidden() {
    Instance one(test, at::kDouble);
    const auto& state = one.component().state();
    bool any = false;
    each_wire(one, [&](std::size_t port, std::size_t, Flow& flow) {
      const auto& shape = state.inputs[port];
      if (!flow.mask.defined() || (!shape.optional_rows && std::none_of(shape.dims.begin(), shape.dims.end(),
                                                                        [](const Dim& d) { return d.padded; })))
        return;
      any = true;
      flow.value = at::zeros_like(flow.value);
      flow.mask = at::zeros_like(flow.mask);
      if (flow.list_mask.defined()) flow.list_mask = at::zeros_like(flow.list_mask);
      if (flow.present.defined()) flow.present = at::zeros_like(flow.present);
    });
    if (!any) return;
    auto all = leaves(one);
    const Options options{true, 3, 1};
    for (const auto& [name, flow] : one.run(options))
      if (flow.value.is_floating_point() && !read(one, flow).isfinite().all().item<bool>())
        fail("with everything hidden, output " + name + " is not finite");
    backward(total(one, options).first, all);
    for (const auto& leaf : all)
      if (!grad_of(leaf).isfinite().all().item<bool>())
        fail("with everything hidden, the gradient of " + leaf.name + " is not finite");
  }

  void again() {
    for (const auto type : {at::kFloat, at::kDouble}) {
      Instance one(test, type);
      auto all = leaves(one);
      std::vector<at::Tensor> before, first;
      for (const auto& leaf : all) before.push_back(leaf.value.detach().clone());
      const Options options{true, 3, 1};
      const auto a = one.run(options);
      backward(total(one, options).first, all);
      for (const auto& leaf : all) first.push_back(grad_of(leaf).clone());
      const auto b = one.run(options);
      backward(total(one, options).first, all);
      same_bits("the same call again", a, b, one);
      for (std::size_t k = 0; k < all.size(); ++k) {
        if (!at::equal(first[k], grad_of(all[k])))
          fail("the same call again: the gradient of " + all[k].name + " has other bits");
        if (!at::equal(before[k], all[k].value)) fail(all[k].name + " was changed by a call");
      }
    }
  }

  void apart() {
    Instance whole(test, at::kDouble);
    const auto kind = whole.component().state().schema.kind;
    if (!test.rows_apart.value_or(kind == Kind::tower || kind == Kind::fusion || kind == Kind::ranker)) return;
    for (const bool training : {false, true}) {
      const Options options{training, 3, 1};
      const auto together = whole.run(options);
      for (std::int64_t row = 0; row < std::min<std::int64_t>(rows_of(whole), 6); ++row) {
        Instance alone(test, at::kDouble);
        cut(alone, at::arange(row, row + 1, at::TensorOptions().dtype(at::kLong)));
        for (const auto& [name, flow] : alone.run(options)) {
          const auto& all = together.find(name)->second;
          if (all.value.dim() == 0) continue;
          // Rounding differs with the shapes of the matrix products; nothing else may.
          const auto why = differs(read(alone, flow), read(whole, all).narrow(0, row, 1), 1e-11);
          if (!why.empty())
            fail("row " + std::to_string(row) + " alone" + (training ? " in training" : "") + ", output " + name +
                 ": " + why);
        }
      }
    }
  }

  void randomness() {
    const auto& global = at::detail::getDefaultCPUGenerator();
    const auto before = global.get_state();
    Instance one(test, at::kDouble);
    auto all = leaves(one);
    const auto a = one.run({false, 3, 1}), b = one.run({false, 1000, 1});
    same_bits("evaluation in another step", a, b, one);
    backward(total(one, {true, 3, 1}).first, all);
    if (!at::equal(before, global.get_state()))
      fail(
          "LibTorch's global generator moved: draw from f.uniform, f.generator or braid::dropout, which follow the "
          "seed");
    for (const auto& [name, flow] : one.run({true, 3, 1}))
      for (const auto& operation : operations_behind(flow.value))
        if (operation.starts_with("IndexBackward"))
          fail("output " + name +
               " comes from indexing by a tensor, whose gradient has other bits on each run: use braid::gather_rows or "
               "index_select");
  }
};

}  // namespace

std::string check(const Case& test) {
  // Thousands of calls over tiny tensors: a second thread costs more than it brings.
  struct Threads {
    int before = at::get_num_threads();
    ~Threads() { at::set_num_threads(before); }
  } threads;
  at::set_num_threads(1);
  Check c{test, {}};
  const auto guarded = [&](const char* what, const auto& act) {
    try {
      act();
    } catch (const std::exception& e) {
      c.fail(std::string(what) + " failed: " + e.what());
    }
  };
  guarded("making the component", [&] { c.ports(); });
  if (c.failures.empty()) {
    std::int64_t rows = 0;
    guarded("a call", [&] {
      Instance one(test, at::kDouble);
      rows = Check::rows_of(one);
      one.run();
    });
    for (const auto n : std::set<std::int64_t>{0, 1, 3, rows})
      guarded(("a batch of " + std::to_string(n) + " rows").c_str(), [&] { c.sizes_at(n); });
    guarded("measuring gradients", [&] { c.gradients(false); });
    guarded("measuring gradients in training", [&] {
      if (c.training_differs()) c.gradients(true);
    });
    guarded("changing what masks hide", [&] { c.masks(); });
    guarded("hiding everything", [&] { c.all_hidden(); });
    guarded("calling again", [&] { c.again(); });
    guarded("rows alone", [&] { c.apart(); });
    guarded("watching the draws", [&] { c.randomness(); });
  }
  std::string out;
  for (const auto& f : c.failures) out += "\n  " + test.component + ": " + f;
  return out;
}

}  // namespace braid::conform
