#include "train/replay.h"

#include "model/safetensors.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <sstream>

namespace braid::train {
namespace {

using Json = nlohmann::json;
constexpr std::size_t rows_shown = 5;

void name_rows(Culprit& culprit, const NotFinite& found, const recipe::Plan& plan, const data::Source& source,
               const data::Batch& batch) {
  const auto& node = plan.nodes[*culprit.node];
  const recipe::Type* type = nullptr;
  using Where = NotFinite::Where;
  if (found.where == Where::output) type = &node.outputs.at(found.port).at(found.wire);
  else if (found.where != Where::weight_gradient) type = &node.inputs.at(found.port).at(found.wire).type;
  const auto axis = type ? type->axis() : std::nullopt;
  if (!axis) return;
  const auto& rows = batch.axes.at(*axis).row;
  const auto bad = found.rows.nonzero().flatten();
  for (std::int64_t k = 0; k < bad.numel() && culprit.rows.size() < rows_shown; ++k) {
    const auto at = bad.const_data_ptr<std::int64_t>()[k];
    if (at < rows.count()) culprit.rows.push_back(source.row_name(plan.axes[*axis].table, rows.as<std::int64_t>()[at]));
  }
}

// Gradients that came to a node's outputs, per port and name.
std::vector<std::vector<at::Tensor>> gradients_of(const graph::Execution& execution, const recipe::NodePlan& node,
                                                  recipe::NodeId k) {
  std::vector<std::vector<at::Tensor>> out;
  std::size_t flat = 0;
  const auto flows = execution.outputs(k);
  for (const auto& port : node.outputs) {
    auto& one = out.emplace_back();
    for (std::size_t n = 0; n < port.size(); ++n) {
      const auto& value = flows.at(flat++).value;
      one.push_back(value.defined() && value.requires_grad() ? value.grad() : at::Tensor());
    }
  }
  return out;
}

Json json_of(const Value& value) {
  return std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        Json out{{"type", value.index()}};
        if constexpr (std::is_same_v<T, Path>) out["value"] = v.text;
        else if constexpr (!std::is_same_v<T, std::monostate>) out["value"] = v;
        return out;
      },
      value);
}

template <std::size_t K = 0>
Value value_of(const Json& json, std::size_t type) {
  if constexpr (K < std::variant_size_v<Value>) {
    if (type != K) return value_of<K + 1>(json, type);
    using T = std::variant_alternative_t<K, Value>;
    if constexpr (std::is_same_v<T, std::monostate>) return {};
    else if constexpr (std::is_same_v<T, Path>) return Path{json.at("value").get<std::string>()};
    else return json.at("value").get<T>();
  } else {
    throw Error("replay-folder", {}, "a parameter of an unknown type");
  }
}

std::string range_of(const at::Tensor& value) {
  std::ostringstream out;
  out << value.sizes();
  if (!value.is_floating_point() || value.numel() == 0) return out.str();
  const auto finite = value.masked_select(value.isfinite());
  const auto rest = value.numel() - finite.numel();
  char text[96];
  if (finite.numel() > 0)
    std::snprintf(text, sizeof text, "  from %.4g to %.4g", finite.min().item<double>(), finite.max().item<double>());
  else text[0] = 0;
  return out.str() + text + (rest > 0 ? ", " + std::to_string(rest) + " values no number" : "");
}

}  // namespace

Culprit find_culprit(const graph::Model& model, const data::Source& source, const Settled& settled,
                     const std::shared_ptr<const data::Batch>& batch, const graph::Mode& mode) {
  Culprit out;
  const auto& plan = model.plan();
  graph::Execution execution(model);
  execution.run(batch, mode, settled.rest(), settled.given(*batch));
  const auto found_in = [&](recipe::NodeId k, const NotFinite& found) {
    out.node = k;
    out.what = words(out.frame, found);
    name_rows(out, found, plan, source, *batch);
  };
  for (const auto k : plan.nodes.ids()) {
    if (!settled.rest()[k]) continue;
    out.frame = execution.node_frame(k);
    if (const auto found = look(out.frame, true, false); !found.empty()) {
      out.input = true;
      found_in(k, found[0]);
      const auto& wire = plan.nodes[k].inputs[found[0].port][found[0].wire];
      out.what = "'" + wire.text + "', " + out.what;
      return out;
    }
    auto ran = out.frame;
    const at::NoGradGuard off;
    if (const auto found = run_alone(ran, {}); !found.empty()) {
      const auto kept = out.frame;
      out.frame = ran;
      found_in(k, found[0]);
      out.frame = kept;
      return out;
    }
  }
  // The forward is sound: go back from the losses.
  for (const auto k : plan.nodes.ids())
    for (const auto& flow : execution.outputs(k))
      if (flow.value.defined() && flow.value.requires_grad()) flow.value.retain_grad();
  at::Tensor total;
  for (const auto& loss : execution.losses()) {
    const auto value = loss.total / static_cast<double>(std::max<std::int64_t>(loss.count, 1));
    total = total.defined() ? total + value : value;
  }
  total.backward();
  for (auto behind = plan.nodes.size(); behind > 0; --behind) {
    const recipe::NodeId k{behind - 1};
    if (!settled.rest()[k]) continue;
    const auto gradients = gradients_of(execution, plan.nodes[k], k);
    bool some = false, sound = true;
    for (const auto& port : gradients)
      for (const auto& g : port)
        if (g.defined()) some = true, sound = sound && g.isfinite().all().item<bool>();
    if (!some || !sound) continue;
    auto frame = execution.node_frame(k);
    auto ran = frame;
    const auto found = run_alone(ran, gradients);
    if (found.empty()) continue;
    out.frame = ran;
    found_in(k, found[0]);
    out.frame = std::move(frame);
    out.gradients = gradients;
    return out;
  }
  return out;
}

void write_replay(const std::string& folder, const Culprit& culprit, const recipe::NodePlan& node) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw Error("file", folder, "cannot be made: " + failed.message());
  const auto& frame = culprit.frame;
  const auto& state = frame.component->state();
  Json json{{"braid", BRAID_VERSION},
            {"node", node.name},
            {"random", frame.node},
            {"plugin", node.use.plugin},
            {"component", node.use.component},
            {"step", frame.step},
            {"epoch", frame.epoch},
            {"seed", frame.seed},
            {"training", frame.training},
            {"what", culprit.what},
            {"rows", culprit.rows},
            {"sizes", state.sizes},
            {"wires", state.wires},
            {"specials", frame.specials},
            {"wanted", frame.wanted}};
  for (const auto& [name, value] : node.use.values) json["values"][name] = json_of(value);
  for (const auto& port : frame.inputs) json["inputs"].push_back(port.size());
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  const auto add = [&](const std::string& name, const at::Tensor& t) {
    if (t.defined()) tensors.emplace_back(name, t.detach());
  };
  for (std::size_t p = 0; p < frame.inputs.size(); ++p) {
    for (std::size_t k = 0; k < frame.inputs[p].size(); ++k) {
      const auto name = "input." + std::to_string(p) + "." + std::to_string(k);
      const auto& flow = frame.inputs[p][k];
      add(name + ".value", flow.value);
      add(name + ".mask", flow.mask);
      add(name + ".list_mask", flow.list_mask);
      add(name + ".present", flow.present);
    }
    add("keys." + std::to_string(p), frame.input_keys[p]);
  }
  add("keys", frame.keys);
  for (std::size_t s = 0; s < frame.scalars.size(); ++s) add("scalar." + std::to_string(s), frame.scalars[s]);
  for (const auto& w : state.weights) add("weight." + w.schema.name, w.value);
  for (std::size_t p = 0; p < culprit.gradients.size(); ++p)
    for (std::size_t k = 0; k < culprit.gradients[p].size(); ++k)
      add("gradient." + std::to_string(p) + "." + std::to_string(k), culprit.gradients[p][k]);
  model::save_safetensors(folder + "/tensors.safetensors", tensors);
  model::write_file(folder + "/node.json", json.dump(2) + "\n");
}

Diagnostic explain(const std::string& run, const graph::Model& model, const data::Source& source,
                   const Settled& settled, const std::shared_ptr<const data::Batch>& batch, const graph::Mode& mode) {
  const auto culprit = find_culprit(model, source, settled, batch, mode);
  const auto step = "step " + std::to_string(mode.step) + " gives what is no number: ";
  if (!culprit.node) return {"not-finite", {}, step + "no single node does, it appears where gradients are added up"};
  const auto& node = model.plan().nodes[*culprit.node];
  Diagnostic out{"not-finite", recipe::location(node.place),
                 step + "first in node '" + node.name + "' (" + node.use.component + "): " + culprit.what};
  for (std::size_t k = 0; k < culprit.rows.size(); ++k) out.message += (k ? ", " : ": ") + culprit.rows[k];
  const auto folder = run + "/replay-" + std::to_string(mode.step);
  try {
    write_replay(folder, culprit, node);
    out.notes.push_back("`braid replay " + folder + "` runs that node alone on what it was given");
  } catch (const Error& e) {
    out.notes.push_back("(what it was given could not be kept: " + std::string(e.what()) + ")");
  }
  return out;
}

namespace {

// The plugin's file and the component's card, among those that are found now.
recipe::Use use_of(const Json& json, const recipe::World& world, const std::string& folder) {
  recipe::Use use;
  use.plugin = json.at("plugin"), use.component = json.at("component");
  for (const auto& [file, plugin] : world.plugins)
    if (plugin.name == use.plugin)
      for (const auto& component : plugin.components)
        if (component.name == use.component) use.plugin_file = file, use.schema = component;
  if (use.plugin_file.empty())
    throw Error("replay-folder", folder,
                "its component '" + use.plugin + "/" + use.component + "' is not found now; set BRAID_PLUGIN_PATH");
  if (const auto values = json.find("values"); values != json.end())
    for (const auto& [name, value] : values->items())
      use.values[name] = value_of(value, value.at("type").get<std::size_t>());
  return use;
}

struct Replay {
  std::unique_ptr<Component> component;
  FrameState frame;
  std::vector<std::vector<at::Tensor>> gradients;
  std::vector<std::pair<std::string, at::Tensor>> shown;
};

Replay load(const Json& json, const std::map<std::string, at::Tensor>& tensors, const recipe::Use& use,
            const model::RuntimeServices& services) {
  Replay out;
  const auto get = [&](const std::string& name) {
    const auto found = tensors.find(name);
    return found == tensors.end() ? at::Tensor() : found->second;
  };
  out.component = services.component(use, json.at("wires").get<WireCounts>());
  set_sizes(*out.component, json.at("sizes").get<Sizes>());
  make_weights(*out.component, json.at("node"), json.at("seed"), at::kFloat);
  prepare_frame(out.frame, *out.component);
  for (auto& w : out.component->state().weights) {
    const auto saved = get("weight." + w.schema.name);
    if (!saved.defined() || saved.sizes() != w.value.sizes())
      throw Error("replay-folder", {},
                  "weight '" + w.schema.name + "' is not there, or of another size than the component makes it now");
    const at::NoGradGuard off;
    w.value.copy_(saved);
    out.shown.emplace_back("weight " + w.schema.name, saved);
  }
  auto& f = out.frame;
  f.node = json.at("random");
  f.step = json.at("step"), f.epoch = json.at("epoch"), f.seed = json.at("seed"), f.training = json.at("training");
  f.wanted = json.at("wanted").get<std::vector<std::vector<bool>>>();
  f.specials = json.at("specials").get<std::vector<Sizes>>();
  const auto inputs = json.at("inputs").get<std::vector<std::size_t>>();
  if (inputs.size() != f.inputs.size() || f.specials.size() != f.inputs.size())
    throw Error("replay-folder", {}, "the component has other inputs now");
  for (std::size_t p = 0; p < inputs.size(); ++p) {
    const auto& port = out.component->state().schema.ports[out.component->state().input_ports[p]].name;
    for (std::size_t k = 0; k < inputs[p]; ++k) {
      const auto name = "input." + std::to_string(p) + "." + std::to_string(k);
      f.inputs[p].push_back(
          {get(name + ".value"), get(name + ".mask"), get(name + ".list_mask"), get(name + ".present")});
      out.shown.emplace_back("input " + port + (inputs[p] > 1 ? "[" + std::to_string(k) + "]" : ""),
                             f.inputs[p][k].value);
    }
    f.input_keys[p] = get("keys." + std::to_string(p));
  }
  f.keys = get("keys");
  for (std::size_t s = 0; s < f.scalars.size(); ++s)
    if (const auto value = get("scalar." + std::to_string(s)); value.defined()) f.scalars[s] = value;
  for (std::size_t p = 0; p < f.outputs.size(); ++p) {
    auto& port = out.gradients.emplace_back();
    for (std::size_t k = 0; k < f.outputs[p].size(); ++k)
      port.push_back(get("gradient." + std::to_string(p) + "." + std::to_string(k)));
  }
  return out;
}

}  // namespace

int replay_command(const std::string& folder, const model::RuntimeServices& services) {
  const auto json = Json::parse(model::read_file(folder + "/node.json"), nullptr, false);
  if (!json.is_object()) throw Error("replay-folder", folder + "/node.json", "is no JSON object");
  const auto tensors = model::load_safetensors(folder + "/tensors.safetensors");
  try {
    const auto use = use_of(json, services.world(folder + "/node.json"), folder);
    auto replay = load(json, tensors, use, services);
    std::printf("node %s (%s/%s), step %lld\n", json.at("node").get<std::string>().c_str(), use.plugin.c_str(),
                use.component.c_str(), static_cast<long long>(replay.frame.step));
    for (const auto& [name, value] : replay.shown)
      if (value.defined()) std::printf("  %-32s %s\n", name.c_str(), range_of(value).c_str());
    std::printf("in the run: %s\n", json.at("what").get<std::string>().c_str());
    for (const auto& row : json.at("rows")) std::printf("  row %s\n", row.get<std::string>().c_str());
    auto found = look(replay.frame, true, false);
    if (found.empty()) found = run_alone(replay.frame, replay.gradients);
    for (const auto& one : found) std::printf("now:        %s\n", words(replay.frame, one).c_str());
    if (found.empty()) std::printf("now:        everything is a number: not reproduced\n");
    return found.empty() ? 1 : 0;
  } catch (const Json::exception& e) {
    throw Error("replay-folder", folder + "/node.json", e.what());
  }
}

}  // namespace braid::train
