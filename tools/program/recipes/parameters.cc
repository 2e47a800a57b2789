#include "parameters.h"

#include "recipe/document/words.h"

#include <braid/diagnostic.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace braid::tools {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; }

bool mentions(const std::string& text, const std::string& name) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
    if ((at == 0 || !letter(text[at - 1])) && (at + name.size() == text.size() || !letter(text[at + name.size()])))
      return true;
  return false;
}

// Whether a parameter is the size of a weight: another value makes that weight larger.
bool is_size(const ComponentSchema& schema, const ParamSchema& param) {
  if (param.type != ParamType::whole) return false;
  return std::any_of(schema.weights.begin(), schema.weights.end(), [&](const WeightSchema& w) {
    return std::any_of(w.dims.begin(), w.dims.end(), [&](const std::string& dim) { return mentions(dim, param.name); });
  });
}

struct Likeness {
  bool same = true;   // exactly as the card was made
  bool close = true;  // but for sizes and numbers
};

Likeness likeness(const recipe::NodePlan& node) {
  Likeness out;
  const auto& schema = node.use.schema;
  for (const auto& param : schema.params) {
    const auto value = node.use.values.find(param.name);
    if (value != node.use.values.end() && value->second == param.fallback) continue;
    out.same = false;
    if (param.type != ParamType::number && !is_size(schema, param)) out.close = false;
  }
  std::size_t k = 0;
  for (const auto& port : schema.ports) {
    if (port.output) continue;
    if (port.repeated && node.inputs.at(k).size() != 1) out.same = out.close = false;
    ++k;
  }
  return out;
}

// The weights of the card with the plan's sizes; nothing when a size is not known.
std::optional<std::int64_t> counted(const recipe::NodePlan& node) {
  auto sizes = node.sizes;
  std::map<std::string, std::size_t, std::less<>> wires;
  std::size_t p = 0;
  for (const auto& port : node.use.schema.ports) {
    if (port.output) continue;
    wires[port.name] = node.inputs.at(p).size();
    for (std::size_t k = 0; k < node.inputs[p].size(); ++k)
      sizes[port.name + "." + std::to_string(k) + ".optional"] = node.inputs[p][k].type.optional_rows;
    ++p;
  }
  const auto name = [&](std::string_view n) -> std::optional<std::int64_t> {
    if (const auto found = sizes.find(n); found != sizes.end()) return found->second;
    const auto value = node.use.values.find(n);
    const auto* whole = value == node.use.values.end() ? nullptr : std::get_if<std::int64_t>(&value->second);
    return whole ? std::optional(*whole) : std::nullopt;
  };
  const auto sum = [&](std::string_view what) -> std::optional<std::int64_t> {
    const auto dot = what.find('.');
    const auto found = wires.find(what.substr(0, dot));
    const auto count = found == wires.end() ? 0 : found->second;
    if (dot == std::string_view::npos) return static_cast<std::int64_t>(count);
    std::int64_t total = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const auto one = name(std::string(what.substr(0, dot)) + "." + std::to_string(k) + std::string(what.substr(dot)));
      if (!one) return {};
      total += *one;
    }
    return total;
  };
  std::int64_t total = 0;
  for (const auto& weight : node.use.schema.weights) {
    std::int64_t elements = 1;
    for (const auto& dim : weight.dims) {
      bool inexact = false;
      const auto value = evaluate_dim(dim, name, sum, &inexact);
      if (!value || inexact) return {};
      elements *= *value;
    }
    total += elements;
  }
  return total;
}

// Whether an id's range that only fitting tells is what is missing.
bool waits_for_fitting(const recipe::Plan& plan, const recipe::NodePlan& node) {
  for (const auto& port : node.inputs)
    for (const auto& wire : port) {
      const auto* from = wire.field();
      if (!from || wire.type.dtype != DType::id || wire.type.id_rows) continue;
      const auto& field = plan.table_of(*wire.axis).fields[from->field];
      if (field.use.schema.fits) return true;
    }
  return false;
}

std::int64_t learnt_scalars(const recipe::NodePlan& node) {
  const auto learnt = [](const recipe::ScalarPlan& s) { return recipe::is<recipe::ScalarPlan::Learnt>(s.how); };
  std::int64_t out = learnt(node.weight);
  for (const auto& scalar : node.scalars) out += learnt(scalar);
  return out;
}

}  // namespace

Shapes weight_shapes(const std::string& file) {
  const auto broken = [&](const std::string& why) { return Failure("weights-file", file, why); };
  std::ifstream in(file, std::ios::binary);
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (!in || error) throw broken("cannot be read");
  std::uint64_t length = 0;
  if (!in.read(reinterpret_cast<char*>(&length), sizeof length) || length > size - sizeof length)
    throw broken("is no safetensors file, or is cut short");
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  const auto header = nlohmann::json::parse(text, nullptr, false);
  if (!in || !header.is_object()) throw broken("its header is no JSON object");
  Shapes out;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const auto shape = entry.is_object() ? entry.find("shape") : entry.end();
    if (!entry.is_object() || shape == entry.end() || !shape->is_array())
      throw broken("'" + name + "' is described wrongly");
    for (const auto& dim : *shape) {
      if (!dim.is_number_unsigned()) throw broken("'" + name + "' has a size that is no whole number");
      out[name].push_back(dim.get<std::int64_t>());
    }
    out.try_emplace(name);  // one number has no dims
  }
  return out;
}

recipe::Indexed<recipe::NodeId, Parameters> parameters_of(const recipe::Plan& plan) {
  recipe::Indexed<recipe::NodeId, Parameters> out(plan.nodes.size());
  for (const auto k : plan.nodes.ids()) {
    const auto& node = plan.nodes[k];
    auto& count = out[k];
    if (node.same) {
      count.exact = 0;
      continue;
    }
    const auto like = likeness(node);
    const auto scalars = learnt_scalars(node);
    const auto number = like.close ? counted(node) : std::nullopt;
    if (number && like.same) count.exact = *number + scalars;
    else if (number) count.about = *number + scalars;
    else count.why = waits_for_fitting(plan, node) ? "known after fitting" : "known in training";
  }
  return out;
}

recipe::Indexed<recipe::NodeId, Parameters> parameters_of(const recipe::Plan& plan, const Shapes& shapes) {
  recipe::Indexed<recipe::NodeId, Parameters> out(plan.nodes.size());
  recipe::Indexed<recipe::NodeId, bool> there(plan.nodes.size(), false);
  for (auto& count : out) count.exact = 0;
  for (const auto& [name, shape] : shapes) {
    std::optional<recipe::NodeId> best;
    for (const auto k : plan.nodes.ids())
      if (name.starts_with(plan.nodes[k].name + ".") &&
          (!best || plan.nodes[k].name.size() > plan.nodes[*best].name.size()))
        best = k;
    if (!best) continue;
    std::int64_t elements = 1;
    for (const auto size : shape) elements *= size;
    *out[*best].exact += elements;
    there[*best] = true;
  }
  for (const auto k : plan.nodes.ids())
    if (const auto& node = plan.nodes[k];
        !there[k] && !node.same && !node.use.schema.weights.empty() && plan.lookup_only)
      out[k] = {std::nullopt, std::nullopt, "left out of the export"};
  return out;
}

}  // namespace braid::tools
