// A component made from a case, as the host would make it from a recipe.
#include "conform/making.h"

#include "conform/case_plan.h"
#include "host/host.h"
#include "sdk/state.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace braid::conform {
namespace {

std::string file_of(const std::string& plugin) {
  const char* path = std::getenv("BRAID_PLUGIN_PATH");
  const std::string text = path ? path : "";
  if (plugin.ends_with(".so")) return plugin;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(':', at), text.size());
    const auto file = text.substr(at, end - at) + "/" + plugin + ".so";
    if (std::filesystem::exists(file)) return file;
    at = end + 1;
  }
  throw Error("no " + plugin + ".so in BRAID_PLUGIN_PATH (" + (path ? path : "not set") + ")");
}

// The sizes that one wire shows, named as the checker names them.
void add_sizes(Sizes& sizes, const ComponentState& state, std::size_t port, std::size_t k, const Wire& wire) {
  const auto& schema = state.schema.ports[state.input_ports[port]];
  const auto& shape = state.inputs[port];
  const auto put = [&](const std::string& name, bool varies, std::int64_t size, bool padded) {
    sizes[schema.name + "." + std::to_string(k) + "." + name] = size;
    if (varies) return;
    if (const auto p = state.values.find(name);
        p != state.values.end() && std::holds_alternative<std::int64_t>(p->second))
      return;
    const auto [at, is_new] = sizes.emplace(name, size);
    if (!is_new && padded) at->second = std::max(at->second, size);
    else if (!is_new && at->second != size)
      throw Error("the case gives '" + name + "' two sizes, " + std::to_string(at->second) + " and " +
                  std::to_string(size));
  };
  if (plain_name(shape.rows) && wire.id_rows > 0) put(shape.rows, shape.rows_vary, wire.id_rows, false);
  std::vector<const Dim*> dims;
  for (const auto& d : shape.dims)
    if (d.only_if.empty() || is_on(state.values, d.only_if)) dims.push_back(&d);
  const auto& value = wire.flow.value;
  const bool lacks = value.dim() + 1 == static_cast<std::int64_t>(dims.size());
  std::int64_t at = 0;
  for (const auto* d : dims) {
    if (d->may_lack && lacks) {
      put(d->size, d->varies, 1, d->padded);
      continue;
    }
    if (at >= value.dim()) throw Error("the case's input '" + schema.name + "' has too few dims for " + schema.shape);
    if (at > 0 && plain_name(d->size)) put(d->size, d->varies, value.size(at), d->padded);
    ++at;
  }
  if (at != value.dim()) throw Error("the case's input '" + schema.name + "' has too many dims for " + schema.shape);
}

}  // namespace

Place place_of(const std::string& component) {
  host::Host host(host::any_file);
  const auto file_end = component.find(".so/");
  const auto slash = file_end == std::string::npos ? component.find('/') : file_end + 3;
  const auto plugin = component.substr(0, slash),
             name = slash == std::string::npos ? plugin : component.substr(slash + 1);
  return {&host.open(file_of(plugin)), name};
}

std::unique_ptr<Component> make(const std::string& component, const Values& values, const WireCounts& wires,
                                bool describe) {
  const auto place = place_of(component);
  return host::Host(host::any_file).make(*place.plugin, place.component, values, wires, describe);
}

ComponentSchema describe(const std::string& component) { return make(component, {}, {}, true)->state().schema; }

Instance::Instance(const Case& test, at::ScalarType type) : case_(test) {
  WireCounts counts;
  for (const auto& [port, wires] : test.inputs) counts[port] = wires.size();
  component_ = make(test.component, test.values, counts);
  auto& state = component_->state();
  inputs.resize(state.inputs.size());
  Sizes sizes;
  for (std::size_t port = 0; port < state.inputs.size(); ++port) {
    const auto& schema = state.schema.ports[state.input_ports[port]];
    const auto found = test.inputs.find(schema.name);
    if (found == test.inputs.end()) {
      if (!schema.optional) throw Error("the case wires nothing to '" + schema.name + "'");
      continue;
    }
    for (std::size_t k = 0; k < found->second.size(); ++k) {
      auto flow = found->second[k].flow;
      if (flow.value.is_floating_point()) flow.value = flow.value.to(type);
      inputs[port].push_back(flow);
      add_sizes(sizes, state, port, k, found->second[k]);
    }
  }
  for (const auto& [port, _] : test.inputs)
    if (!state.schema.port(port, false)) throw Error("there is no input '" + port + "'");
  for (const auto& [dim, size] : test.sizes) sizes[dim] = size;
  set_sizes(*component_, sizes);
  make_weights(*component_, "node", 1, type);
  component_->prepare(0);

  if (!state.outputs.empty() && !state.outputs[0].dims.empty()) rows_axis_ = state.outputs[0].dims[0].size;
  else if (!state.inputs.empty()) rows_axis_ = state.inputs[0].dims.at(0).size;
  for (std::size_t port = 0; port < inputs.size() && !keys.defined(); ++port)
    if (!inputs[port].empty() && state.inputs[port].dims.at(0).size == rows_axis_)
      keys = at::arange(1, inputs[port][0].value.size(0) + 1, at::TensorOptions().dtype(at::kLong));
}
Instance::~Instance() = default;

at::Tensor& Instance::weight(std::string_view name) {
  std::string all;
  for (auto& w : component_->state().weights) {
    if (w.schema.name == name) return w.value;
    all += " " + w.schema.name;
  }
  throw Error("there is no weight '" + std::string(name) + "'; there are:" + all);
}

std::vector<std::string> Instance::weights() {
  std::vector<std::string> names;
  for (const auto& w : component_->state().weights) names.push_back(w.schema.name);
  return names;
}

void Instance::fill(double scale) {
  const at::NoGradGuard off;
  double number = 0;
  for (auto& w : component_->state().weights) {
    const auto k = at::arange(w.value.numel(), at::TensorOptions().dtype(at::kDouble));
    auto value = (k * 0.7 + number).sin() * scale;
    if (w.start.how == Start::one) value = value + 1;
    w.value.copy_(value.view(w.value.sizes()));
    number += 1;
  }
}

Instance::Outputs Instance::run(Options options) {
  FrameState frame;
  prepare_frame(frame, *component_);
  const auto& state = component_->state();
  frame.node = "node";
  frame.training = options.training;
  frame.step = options.step;
  frame.seed = options.seed;
  frame.inputs = inputs;
  if (case_.copied)
    for (auto& wires : frame.inputs)
      for (auto& flow : wires)
        for (auto* part : {&flow.value, &flow.mask, &flow.list_mask, &flow.present})
          if (part->defined()) *part = part->clone();
  frame.keys = keys;
  for (std::size_t port = 0; port < inputs.size(); ++port) {
    if (inputs[port].empty()) continue;
    const auto rows = inputs[port][0].value.size(0);
    const bool own = keys.defined() && state.inputs[port].dims.at(0).size == rows_axis_;
    frame.input_keys[port] =
        own ? keys : at::arange(1, rows + 1, inputs[port][0].value.options().dtype(at::kLong).requires_grad(false));
    if (const auto found = case_.specials.find(state.schema.ports[state.input_ports[port]].name);
        found != case_.specials.end())
      frame.specials[port] = found->second;
  }
  for (std::size_t k = 0; k < state.schema.scalars.size(); ++k)
    if (const auto found = case_.scalars.find(state.schema.scalars[k].name); found != case_.scalars.end())
      frame.scalars[k].fill_(found->second);
  std::vector<std::vector<std::string>> names;
  for (std::size_t port = 0; port < state.outputs.size(); ++port) {
    const auto& schema = state.schema.ports[state.output_ports[port]];
    names.push_back(schema.named_by.empty() ? std::vector<std::string>{schema.name}
                                            : std::get<std::vector<std::string>>(state.values.at(schema.named_by)));
    for (std::size_t k = 0; k < names[port].size(); ++k)
      if (std::count(case_.unwanted.begin(), case_.unwanted.end(), names[port][k])) frame.wanted[port][k] = false;
  }
  run_frame(frame);
  if (!frame.appended.empty()) appended = frame.appended;
  Outputs out;
  for (std::size_t port = 0; port < names.size(); ++port)
    for (std::size_t k = 0; k < names[port].size(); ++k)
      if (frame.outputs[port][k].value.defined()) out[names[port][k]] = frame.outputs[port][k];
  return out;
}

namespace {

// The rows of one call, as the host hands them to finish(): sorted by key, and a case's keys ascend.
class OneCall final : public Rows {
 public:
  explicit OneCall(const std::vector<at::Tensor>& appended) {
    for (const auto& column : appended) {
      const auto flat = column.detach().flatten().contiguous();
      size_ = static_cast<std::size_t>(flat.numel());
      auto& real = reals_.emplace_back();
      auto& whole = wholes_.emplace_back();
      if (flat.is_floating_point()) {
        const auto values = flat.to(at::kFloat);
        real.assign(values.const_data_ptr<float>(), values.const_data_ptr<float>() + size_);
      } else {
        const auto values = flat.to(at::kLong);
        whole.assign(values.const_data_ptr<std::int64_t>(), values.const_data_ptr<std::int64_t>() + size_);
        real.assign(whole.begin(), whole.end());
      }
      if (whole.empty()) whole.assign(real.begin(), real.end());
    }
  }
  std::size_t size() const override { return size_; }
  std::span<const float> reals(const State& column) const override { return reals_.at(column.index()); }
  std::span<const std::int64_t> wholes(const State& column) const override { return wholes_.at(column.index()); }

 private:
  std::size_t size_ = 0;
  std::vector<std::vector<float>> reals_;
  std::vector<std::vector<std::int64_t>> wholes_;
};

}  // namespace

double finished(Component& component, const std::vector<at::Tensor>& appended) {
  const auto* metric = dynamic_cast<const Metric*>(&component);
  if (!metric) throw Error("'" + component.state().schema.name + "' is no metric: it has no finish()");
  return metric->finish(OneCall(appended));
}

double Instance::metric() {
  run();
  return finished(*component_, appended);
}

}  // namespace braid::conform
