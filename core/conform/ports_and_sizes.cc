// Checks of what a component declares: ports, sizes, and what masks mean.
#include "conform/checks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <set>

namespace braid::conform {

void check_ports(Trial& t) {
  Instance one(t.test, at::kDouble);
  const auto& mine = one.component().state().schema;
  for (const auto& card : t.card.ports) {
    const auto* port = mine.port(card.name, card.output);
    if (!port) t.fail("port " + card.name + " stands in the card and is missing with these values");
    else if (port->shape != card.shape || port->optional != card.optional || port->repeated != card.repeated)
      t.fail("port " + card.name + " is " + port->shape + " with these values and " + card.shape + " in the card");
  }
  for (const auto& port : mine.ports)
    if (!t.card.port(port.name, port.output))
      t.fail("port " + port.name + " is there with these values and not in the card");
}

void check_shapes(Trial& t) {
  const auto whole = [&] {
    Instance one(t.test, at::kDouble);
    return Trial::rows_of(one);
  }();
  for (const auto rows : std::set<std::int64_t>{whole, 3, 1, 0}) {
    if (rows < t.test.least_rows || rows > whole) continue;
    const auto with = "with " + counted(static_cast<std::size_t>(rows), "row");
    try {
      for (const bool training : {false, true}) {
        Instance one(t.test, at::kDouble);
        Trial::cut(one, first_rows(rows));
        for (const auto& [name, flow] : one.run({training, 3, 1}))
          if (flow.mask.defined() &&
              flow.mask.sizes() != flow.value.sizes().slice(0, static_cast<std::size_t>(flow.mask.dim())))
            t.fail("output " + name + ": its mask does not have its sizes " + with);
        for (const auto& column : one.appended)
          if (column.defined() && (column.dim() != 1 || column.size(0) != rows))
            t.fail("a state gets another number of values than the batch has rows " + with);
      }
    } catch (...) {
      t.fail("a call " + with + " failed: " + thrown());
    }
  }
}

// At few rows too: a mean over no row, a deviation of one.
void check_absent(Trial& t) {
  const auto whole = [&] {
    Instance one(t.test, at::kDouble);
    return Trial::rows_of(one);
  }();
  for (const auto rows : std::set<std::int64_t>{whole, 3, 1, 0}) {
    if (rows < t.test.least_rows || rows > whole) continue;
    Instance one(t.test, at::kDouble);
    Trial::cut(one, first_rows(rows));
    for (const bool training : {false, true}) {
      t.all_finite((training ? "in training with " : "with ") + counted(static_cast<std::size_t>(rows), "row"), one,
                   {training, 3, 1});
      if (!t.failures.empty()) return;  // at other sizes it would be the same again
    }
  }
  Instance one(t.test, at::kDouble);
  const auto& state = one.component().state();
  bool any = false;
  Trial::each_wire(one, [&](std::size_t port, std::size_t, Flow& flow) {
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
  if (any) t.all_finite("with everything hidden", one, {true, 3, 1});
}

namespace {

// A wire that has a mask, and how a component would say what the mask lets through.
struct Masked {
  std::size_t port, wire;
  std::string name, fix;
};

std::vector<Masked> masked_wires(const Trial& t, Instance& one) {
  std::vector<Masked> out;
  const auto& state = one.component().state();
  Trial::each_wire(one, [&](std::size_t port, std::size_t k, Flow& flow) {
    if (!flow.mask.defined()) return;
    const auto& schema = state.schema.ports[state.input_ports[port]];
    const auto value = schema.repeated ? "f.at(" + schema.name + ", k)" : "f[" + schema.name + "]";
    auto mask = "f.mask(" + schema.name + (schema.repeated ? ", k)" : ")");
    for (auto dims = flow.mask.dim(); dims < flow.value.dim(); ++dims) mask += ".unsqueeze(-1)";
    out.push_back({port, k, t.wire_name(one, port, k), value + ".masked_fill(" + mask + ".logical_not(), 0)"});
  });
  return out;
}

// Puts other numbers where the wire's mask hides.
void spoil(const Case& test, Instance& one, const Masked& wire) {
  auto& flow = one.inputs[wire.port][wire.wire];
  auto noise = flow.value;
  if (flow.value.is_floating_point()) noise = ripple(flow.value) * 1e3;
  else if (flow.value.scalar_type() == at::kBool) noise = flow.value.logical_not();
  else {
    const auto& state = one.component().state();
    const auto n = test.inputs.at(state.schema.ports[state.input_ports[wire.port]].name)[wire.wire].id_rows;
    noise = n > 1 ? (flow.value + 1).remainder(n) : flow.value + 1;
  }
  flow.value = at::where(widened(flow.mask, flow.value), flow.value, noise);
}

}  // namespace

void check_masks(Trial& t) {
  Instance plain(t.test, at::kDouble);
  plain.fill();
  for (const bool training : {false, true})
    for (const auto& [name, flow] : plain.run({training, 3, 1}))
      if (flow.mask.defined() && !t.loss &&
          at::where(widened(flow.mask, flow.value), at::zeros_like(flow.value), flow.value).ne(0).any().item<bool>())
        t.fail("output " + name + " is not zero where its mask hides it");

  const auto wires = masked_wires(t, plain);
  if (wires.empty()) return;
  const auto changed_by = [&](const std::vector<Masked>& spoiled, bool training) {
    Instance other(t.test, at::kDouble);
    other.fill();
    for (const auto& wire : spoiled) spoil(t.test, other, wire);
    return Trial::other_bits(
        t.results(plain, {training, 3, 1}), "with zeros behind the mask of " + spoiled.front().name,
        t.results(other, {training, 3, 1}),
        "with other numbers there; hidden places must not count: mask them out, such as " + spoiled.front().fix);
  };
  for (const bool training : {false, true}) {
    const auto together = changed_by(wires, training);
    if (together.empty()) continue;
    // Which wire it is; or only all of them at once.
    std::vector<std::string> apart;
    for (const auto& wire : wires)
      if (const auto alone = changed_by({wire}, training); !alone.empty()) apart.push_back(alone.front());
    for (const auto& what : apart.empty() ? together : apart) t.fail((training ? "in training, " : "") + what);
    break;
  }
  if (t.metric) return;
  auto all = t.leaves(plain);
  Trial::backward(t.total(plain, {true, 3, 1}).first, all);
  for (const auto& leaf : all)
    if (leaf.mask.defined() &&
        at::where(widened(leaf.mask, leaf.value), at::zeros_like(leaf.value), Trial::grad_of(leaf))
            .ne(0)
            .any()
            .item<bool>())
      t.fail("the gradient of " + leaf.name + " is not zero at hidden places");
}

void check_equal_rows(Trial& t) {
  Instance one(t.test, at::kDouble);
  one.fill();
  Trial::each_wire(one, [&](std::size_t, std::size_t, Flow& flow) {
    for (auto* part : {&flow.value, &flow.mask, &flow.list_mask, &flow.present})
      if (part->defined() && part->size(0) > 0) *part = part->narrow(0, 0, 1).expand(part->sizes()).contiguous();
  });
  t.all_finite("when all rows are equal", one, {true, 3, 1});
}

}  // namespace braid::conform
