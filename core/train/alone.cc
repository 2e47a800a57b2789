#include "train/alone.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>

namespace braid::train {
namespace {

using Where = NotFinite::Where;

bool any_nan(const at::Tensor& value) { return value.isnan().any().item<bool>(); }

void note(std::vector<NotFinite>& out, Where where, std::size_t port, std::size_t wire, const at::Tensor& value,
          const at::Tensor& mask, const std::string& weight = "") {
  if (!value.defined()) return;
  const auto dense = value.is_sparse() ? value.coalesce().values() : value;
  const auto rows = rows_not_finite(dense, mask);
  if (rows.defined() && rows.any().item<bool>()) out.push_back({where, port, wire, weight, rows, any_nan(dense)});
}

const PortSchema& port_of(const FrameState& frame, bool output, std::size_t port) {
  const auto& state = frame.component->state();
  return state.schema.ports[(output ? state.output_ports : state.input_ports).at(port)];
}

}  // namespace

at::Tensor rows_not_finite(const at::Tensor& value, const at::Tensor& mask) {
  if (!value.defined() || !value.is_floating_point()) return {};
  auto bad = at::isfinite(value.detach()).logical_not();
  if (bad.dim() == 0) return bad.unsqueeze(0);
  if (mask.defined()) {
    auto shaped = mask;
    while (shaped.dim() < bad.dim()) shaped = shaped.unsqueeze(-1);
    bad = bad.logical_and(shaped);
  }
  return bad.dim() > 1 ? bad.flatten(1).any(1) : bad;
}

std::vector<NotFinite> look(const FrameState& frame, bool inputs, bool outputs) {
  std::vector<NotFinite> out;
  if (inputs)
    for (std::size_t p = 0; p < frame.inputs.size(); ++p)
      for (std::size_t k = 0; k < frame.inputs[p].size(); ++k)
        note(out, Where::input, p, k, frame.inputs[p][k].value, frame.inputs[p][k].mask);
  if (outputs)
    for (std::size_t p = 0; p < frame.outputs.size(); ++p)
      for (std::size_t k = 0; k < frame.outputs[p].size(); ++k)
        note(out, Where::output, p, k, frame.outputs[p][k].value, frame.outputs[p][k].mask);
  return out;
}

std::vector<NotFinite> run_alone(FrameState& frame, const std::vector<std::vector<at::Tensor>>& gradients) {
  bool backward = false;
  for (const auto& port : gradients)
    for (const auto& g : port) backward = backward || g.defined();
  auto& weights = frame.component->state().weights;
  const auto clear = [&] {
    for (auto& w : weights)
      if (w.value.defined()) w.value.mutable_grad().reset();
  };
  for (auto& port : frame.inputs)
    for (auto& flow : port) {
      if (!flow.value.defined()) continue;
      flow.value = flow.value.detach().clone();
      if (backward && flow.value.is_floating_point()) flow.value.set_requires_grad(true);
    }
  const at::AutoGradMode grad(backward);
  run_frame(frame);
  auto found = look(frame, false, true);
  if (!found.empty() || !backward) return found;
  clear();
  at::Tensor total;
  for (std::size_t p = 0; p < frame.outputs.size(); ++p)
    for (std::size_t k = 0; k < frame.outputs[p].size(); ++k) {
      const auto& value = frame.outputs[p][k].value;
      if (!value.defined() || !value.requires_grad() || p >= gradients.size() || k >= gradients[p].size() ||
          !gradients[p][k].defined())
        continue;
      // Its gradient with regard to the output is the one that came in.
      const auto one = (value * gradients[p][k]).sum();
      total = total.defined() ? total + one : one;
    }
  if (!total.defined()) return found;
  total.backward();
  for (std::size_t p = 0; p < frame.inputs.size(); ++p)
    for (std::size_t k = 0; k < frame.inputs[p].size(); ++k)
      note(found, Where::input_gradient, p, k, frame.inputs[p][k].value.grad(), {});
  for (auto& w : weights)
    if (w.value.defined()) note(found, Where::weight_gradient, 0, 0, w.value.grad(), {}, w.schema.name);
  clear();
  return found;
}

std::string words(const FrameState& frame, const NotFinite& found) {
  const auto numbered = [](const std::string& name, bool many, std::size_t wire) {
    return "'" + name + (many ? "[" + std::to_string(wire) + "]" : "") + "'";
  };
  const auto bad = found.rows.sum().item<std::int64_t>();
  const auto in = std::string(found.nan ? "nan" : "infinite") + " in " + std::to_string(bad) + " of " +
                  std::to_string(found.rows.numel()) + (found.rows.numel() == 1 ? " row" : " rows");
  if (found.where == Where::weight_gradient) return "the gradient of weight '" + found.weight + "' is " + in;
  const bool output = found.where == Where::output;
  const auto& port = port_of(frame, output, found.port);
  const bool many = output ? frame.outputs[found.port].size() > 1 : port.repeated;
  const auto name = numbered(port.name, many, found.wire);
  if (output) return "output " + name + " is " + in;
  if (found.where == Where::input) return "input " + name + " is " + in;
  return "the gradient of input " + name + " is " + in;
}

}  // namespace braid::train
