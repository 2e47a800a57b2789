// Frames: what a component reads and writes in one call, and the checks around the call.
#include "sdk/state.h"

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <c10/util/Exception.h>

#include <sstream>

namespace braid {
namespace {

const Shape& shape_of(const FrameState& s, const PortBase& port) {
  const auto& state = s.component->state();
  return port.output() ? state.outputs[port.index()] : state.inputs[port.index()];
}

// Dims that a mask of this port covers: up to the last padded one, at least the rows.
std::size_t mask_dims(const Shape& shape, std::int64_t have) {
  std::size_t dims = 1, place = 0;
  const bool lacks = have + 1 == static_cast<std::int64_t>(shape.dims.size());
  for (const auto& dim : shape.dims) {
    if (dim.may_lack && lacks) continue;  // this wire came without that dim
    ++place;
    if (dim.padded) dims = place;
  }
  return std::min(dims, static_cast<std::size_t>(std::max<std::int64_t>(have, 0)));
}

at::Tensor all_true(const at::Tensor& value, std::size_t dims) {
  return at::ones(value.sizes().slice(0, dims), value.options().dtype(at::kBool).requires_grad(false));
}

const Flow& only(const FrameState& s, const PortBase& port) {
  static const Flow nothing;
  const auto& flows = s.inputs[port.index()];
  return flows.empty() ? nothing : flows.front();
}

at::Tensor mask_of(const FrameState& s, const PortBase& port, const Flow& flow) {
  if (!flow.value.defined()) return flow.mask;
  const auto dims = mask_dims(shape_of(s, port), flow.value.dim());
  if (!flow.mask.defined()) return all_true(flow.value, dims);
  auto mask = flow.mask;  // of rows that may be absent, wired to a port with places
  while (mask.dim() < static_cast<std::int64_t>(dims)) mask = mask.unsqueeze(-1);
  return mask.is_same(flow.mask) ? mask : mask.expand(flow.value.sizes().slice(0, dims));
}

// The first dim of the port that came through a list decides how many dims `present` has.
at::Tensor present_of(const Flow& flow) {
  if (flow.present.defined()) return flow.present;
  if (flow.list_mask.defined()) return flow.list_mask;
  if (!flow.mask.defined()) return all_true(flow.value, 1);
  return flow.mask.dim() > 1 ? flow.mask.flatten(1).any(1) : flow.mask;
}

std::string port_name(const FrameState& s, const PortBase& port) {
  const auto& state = s.component->state();
  return state.schema.ports[(port.output() ? state.output_ports : state.input_ports)[port.index()]].name;
}

std::string sizes_text(at::IntArrayRef sizes) {
  std::ostringstream out;
  out << sizes;
  return out.str();
}

}  // namespace

const at::Tensor& Frame::operator[](const In& port) const { return only(*state_, port).value; }
const at::Tensor& Frame::at(const Ins& port, std::size_t k) const { return state_->inputs[port.index()].at(k).value; }
bool Frame::wired(const In& port) const { return !state_->inputs[port.index()].empty(); }
std::size_t Frame::wires(const PortBase& port) const { return state_->inputs[port.index()].size(); }

at::Tensor Frame::mask(const In& port) const { return mask_of(*state_, port, only(*state_, port)); }
at::Tensor Frame::mask(const Ins& port, std::size_t k) const {
  return mask_of(*state_, port, state_->inputs[port.index()].at(k));
}
at::Tensor Frame::mask(const Ins& port) const {
  const auto& flows = state_->inputs[port.index()];
  at::Tensor common;
  for (const auto& flow : flows)
    if (flow.list_mask.defined()) {
      if (common.defined() && !common.is_same(flow.list_mask) && !common.equal(flow.list_mask))
        throw Error("the wires of '" + port_name(*state_, port) + "' came through different lists");
      common = flow.list_mask;
    }
  if (common.defined() || flows.empty()) return common;
  return all_true(flows.front().value, std::min<std::size_t>(2, static_cast<std::size_t>(flows.front().value.dim())));
}
bool Frame::masked(const In& port) const { return only(*state_, port).mask.defined(); }
bool Frame::masked(const Ins& port, std::size_t k) const { return state_->inputs[port.index()].at(k).mask.defined(); }
at::Tensor Frame::present(const In& port) const { return present_of(only(*state_, port)); }
at::Tensor Frame::present(const Ins& port, std::size_t k) const {
  return present_of(state_->inputs[port.index()].at(k));
}

at::Tensor& Frame::operator[](const Out& port) { return state_->outputs[port.index()].at(0).value; }
at::Tensor& Frame::out(const Outs& port, std::size_t k) { return state_->outputs[port.index()].at(k).value; }
void Frame::set_mask(const Out& port, at::Tensor mask) {
  state_->outputs[port.index()].at(0).mask = std::move(mask);
  state_->mask_set[port.index()].at(0) = true;
}
bool Frame::wanted(const Out& port) const { return state_->wanted[port.index()].at(0); }
bool Frame::wanted(const Outs& port, std::size_t k) const { return state_->wanted[port.index()].at(k); }
bool Frame::training() const { return state_->training; }
std::int64_t Frame::step() const { return state_->step; }
std::int64_t Frame::epoch() const { return state_->epoch; }
std::int64_t Frame::rows() const {
  if (state_->keys.defined()) return state_->keys.size(0);
  for (const auto& flows : state_->inputs)
    if (!flows.empty()) return flows.front().value.size(0);
  throw Error("rows() has no rows to count: no input is wired");
}
std::int64_t Frame::special(const In& port, std::string_view name) const {
  const auto& specials = state_->specials.at(port.index());
  const auto found = specials.find(name);
  if (found == specials.end())
    throw Error("the field wired to '" + port_name(*state_, port) + "' has no id called '" + std::string(name) + "'");
  return found->second;
}
void Frame::append(const State& state, const at::Tensor& values) { state_->appended.at(state.index()) = values; }

std::string said() {
  try {
    throw;
  } catch (const c10::Error& e) {
    return e.what_without_backtrace();
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

Diagnostic caught() {
  try {
    throw;
  } catch (const Failure& e) {
    if (const auto& d = e.diagnostic(); d.location.file.empty() && d.code.empty()) return d;
  } catch (...) {
  }
  return {"", {}, said()};
}

void prepare_frame(FrameState& frame, Component& component) {
  const auto& state = component.state();
  frame.component = &component;
  frame.inputs.assign(state.inputs.size(), {});
  frame.input_keys.assign(state.inputs.size(), {});
  frame.specials.assign(state.inputs.size(), {});
  frame.outputs.clear();
  frame.wanted.clear();
  frame.mask_set.clear();
  for (const auto port : state.output_ports) {
    std::size_t count = 1;
    const auto& names = state.schema.ports[port].named_by;
    if (!names.empty())
      if (const auto v = state.values.find(names); v != state.values.end())
        if (const auto* list = std::get_if<std::vector<std::string>>(&v->second)) count = list->size();
    frame.outputs.emplace_back(count);
    frame.wanted.emplace_back(count, true);
    frame.mask_set.emplace_back(count, false);
  }
  frame.scalars.clear();
  for (const auto& s : state.schema.scalars)
    frame.scalars.push_back(at::full({}, s.fallback, at::TensorOptions().dtype(at::kFloat)));
  frame.appended.assign(state.states.size(), {});
}

namespace {

// Sizes of what a component set, against its port: each dim whose size is known must have it.
void check_sizes(const FrameState& s, std::size_t port, const at::Tensor& value) {
  const auto& state = s.component->state();
  const auto& schema = state.schema.ports[state.output_ports[port]];
  const auto& shape = state.outputs[port];
  std::vector<const Dim*> dims;
  for (const auto& d : shape.dims) {
    if (!d.only_if.empty() && !is_on(state.values, d.only_if)) continue;
    dims.push_back(&d);
  }
  const auto wrong = [&](const std::string& why) {
    throw Error("output '" + schema.name + "' is " + sizes_text(value.sizes()) + ", declared " + schema.shape + why);
  };
  if (static_cast<std::size_t>(value.dim()) != dims.size()) wrong(": another number of dims");
  for (std::size_t k = 0; k < dims.size(); ++k) {
    const auto have = value.size(static_cast<std::int64_t>(k));
    if (k == 0 && s.keys.defined() && shape.dims[0].size == state.outputs[0].dims.at(0).size) {
      if (have != s.keys.size(0)) wrong(": the batch has " + std::to_string(s.keys.size(0)) + " rows");
      continue;
    }
    if (k == 0) continue;
    std::int64_t want = -1;
    try {
      want = evaluate(*s.component, dims[k]->size);
    } catch (const Error&) {
      continue;  // a run-time dim: nothing to compare with
    }
    if (dims[k]->padded ? have > want : have != want) wrong(": '" + dims[k]->size + "' is " + std::to_string(want));
  }
}

// An output's mask is that of the input with the padded dim of that name, or, for '?', of the one input that has '?'.
void default_mask(FrameState& s, std::size_t port, std::size_t k) {
  const auto& state = s.component->state();
  const auto& shape = state.outputs[port];
  std::string padded;
  for (const auto& d : shape.dims)
    if (d.padded) padded = d.size;
  if (padded.empty() && !shape.optional_rows) return;
  auto& out = s.outputs[port][k];
  std::size_t candidates = 0;
  bool any_masked = false;
  for (std::size_t in = 0; in < state.inputs.size(); ++in) {
    const auto& from = state.inputs[in];
    bool fits = padded.empty() ? from.optional_rows : false;
    for (const auto& d : from.dims) fits = fits || (!padded.empty() && d.padded && d.size == padded && !d.varies);
    if (!fits || s.inputs[in].empty()) continue;
    candidates += s.inputs[in].size();
    for (const auto& flow : s.inputs[in]) any_masked = any_masked || flow.mask.defined();
    const auto& flow = s.inputs[in].front();
    if (candidates == 1 && flow.mask.defined())
      out.mask = padded.empty() && flow.mask.dim() > 1 ? flow.mask.flatten(1).any(1) : flow.mask;
  }
  const auto& name = state.schema.ports[state.output_ports[port]].name;
  if (candidates == 0 && !padded.empty())
    throw Error("output '" + name + "' needs set_mask(): no input has the padded dim '" + padded + "'");
  if (candidates > 1 && any_masked)
    throw Error("output '" + name + "' needs set_mask(): several inputs could give its mask");
}

}  // namespace

void run_frame(FrameState& s) {
  Frame frame(s);
  const auto& state = s.component->state();
  s.component->run(frame);
  for (std::size_t port = 0; port < s.outputs.size(); ++port)
    for (std::size_t k = 0; k < s.outputs[port].size(); ++k) {
      auto& out = s.outputs[port][k];
      if (!out.value.defined()) {
        if (!s.wanted[port][k]) continue;
        throw Error("output '" + state.schema.ports[state.output_ports[port]].name +
                    "' was not set: run() sets every output that is wanted, f[port] = tensor");
      }
      check_sizes(s, port, out.value);
      if (!s.mask_set[port][k]) default_mask(s, port, k);
    }
  for (std::size_t k = 0; k < s.appended.size(); ++k)
    if (!s.appended[k].defined())
      throw Error("metric '" + state.schema.name + "' appended nothing to its state '" + state.states[k] + "'");
}

}  // namespace braid
