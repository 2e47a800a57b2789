#include "graph/flows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/where.h>

namespace braid::graph {

at::Tensor wrap(const data::Array& array) {
  auto type = at::kFloat;
  if (array.type == DType::boolean) type = at::kBool;
  else if (array.type != DType::floating) type = at::kLong;
  const auto options = at::TensorOptions().dtype(type);
  return at::from_blob(
      array.bytes.get(), array.sizes, [keep = array.bytes](void*) {}, options);
}

namespace {

at::Tensor carry_mask(const at::Tensor& mask, const at::Tensor& index, const at::Tensor& inside) {
  auto sizes = index.sizes().vec();
  for (std::int64_t k = 1; k < mask.dim(); ++k) sizes.push_back(mask.size(k));
  auto out = mask.index_select(0, index.clamp_min(0).flatten()).view(sizes);
  if (!inside.defined()) return out;
  auto shaped = inside;
  while (shaped.dim() < out.dim()) shaped = shaped.unsqueeze(-1);
  return out.logical_and(shaped);
}

}  // namespace

Flow carry(const Flow& from, const at::Tensor& index, const at::Tensor& list_mask) {
  Flow out;
  out.value = gather_rows(from.value, index);
  const bool list = index.dim() > 1;
  if (from.mask.defined()) {
    if (from.mask.size(0) == 0) {  // nothing to look up: every place is padded
      auto sizes = index.sizes().vec();
      for (std::int64_t k = 1; k < from.mask.dim(); ++k) sizes.push_back(from.mask.size(k));
      out.mask = from.mask.new_zeros(sizes);
    } else {
      out.mask = carry_mask(from.mask, index, list_mask);
    }
    if (list) out.present = out.mask.dim() > 2 ? out.mask.flatten(2).any(2) : out.mask;
  } else if (list_mask.defined()) {
    out.mask = list_mask;
    out.present = list_mask;
  }
  if (list) out.list_mask = list_mask;
  return out;
}

Flows::Flows(const recipe::Plan& plan, std::shared_ptr<const data::Batch> batch)
    : plan_(plan),
      batch_(std::move(batch)),
      uses_(data::link_uses(plan)),
      nodes_(plan.nodes.size()),
      keys_(plan.axes.size()) {}

const at::Tensor& Flows::keys(int axis) {
  auto& keys = keys_.at(static_cast<std::size_t>(axis));
  if (!keys.defined()) keys = wrap(batch_->axes.at(static_cast<std::size_t>(axis)).key);
  return keys;
}

void Flows::put(int node, std::vector<Flow> outputs) { nodes_.at(static_cast<std::size_t>(node)) = std::move(outputs); }

void Flows::give(const recipe::Wire& source, Flow flow) {
  const bool node = source.source == recipe::Wire::Source::node;
  if (!node && source.source != recipe::Wire::Source::field)
    throw std::logic_error("only nodes' outputs and fields can be given: " + source.text);
  auto& flows = node ? nodes_.at(static_cast<std::size_t>(source.node)) : fields_[{source.axis, source.field}];
  const auto port = static_cast<std::size_t>(std::max(source.port, 0));
  if (flows.size() <= port) flows.resize(port + 1);
  flows[port] = std::move(flow);
}

Flow Flows::source(const recipe::Wire& wire) {
  using Source = recipe::Wire::Source;
  switch (wire.source) {
    case Source::node:
      return nodes_.at(static_cast<std::size_t>(wire.node)).at(static_cast<std::size_t>(wire.port));
    case Source::field: {
      auto& flows = fields_[{wire.axis, wire.field}];
      if (flows.empty()) {
        const auto& field =
            batch_->axes.at(static_cast<std::size_t>(wire.axis)).fields.at(static_cast<std::size_t>(wire.field));
        for (const auto& value : field.values) {
          Flow flow{wrap(value), {}, {}, {}};
          if (field.masked) flow.mask = wrap(field.mask);
          flows.push_back(flow);
        }
      }
      return flows.at(static_cast<std::size_t>(std::max(wire.port, 0)));
    }
    case Source::label: {
      Flow flow{wrap(batch_->labels.at(static_cast<std::size_t>(wire.label))), {}, {}, {}};
      const auto missing = flow.value.isnan();
      if (missing.any().item<bool>()) {
        flow.mask = missing.logical_not();
        flow.value = flow.value.nan_to_num(0);
      }
      return flow;
    }
    case Source::key:
      return {keys(wire.axis), {}, {}, {}};
    case Source::link:
      return {wrap(batch_->link_keys.at(static_cast<std::size_t>(wire.link))), {}, {}, {}};
    case Source::count:
      return {wrap(batch_->axes.at(static_cast<std::size_t>(wire.axis)).count), {}, {}, {}};
    case Source::rows:
      return {wrap(batch_->axes.at(static_cast<std::size_t>(wire.axis)).row), {}, {}, {}};
  }
  throw std::logic_error("a wire without a source");
}

Flow Flows::read(const recipe::Wire& wire) {
  Flow flow;
  if (!wire.via.any()) {
    flow = source(wire);
  } else {
    const Key key{static_cast<int>(wire.source),
                  wire.node,
                  wire.port,
                  wire.axis,
                  wire.field,
                  wire.label,
                  wire.via.table,
                  wire.via.link,
                  wire.via.list * 1000 + wire.via.axis + 1,
                  wire.to_axis};
    auto found = carried_.find(key);
    if (found == carried_.end()) {
      const data::LinkUse use{wire.via, wire.to_axis, wire.axis};
      const auto at = std::find(uses_.begin(), uses_.end(), use);
      if (at == uses_.end()) throw std::logic_error("no link was prepared for the wire '" + wire.text + "'");
      const int number = static_cast<int>(at - uses_.begin());
      auto& [index, mask] = links_[number];
      if (!index.defined()) {
        const auto& link = batch_->links.at(static_cast<std::size_t>(number));
        index = wrap(link.index);
        if (link.masked) mask = wrap(link.mask);
      }
      found = carried_.emplace(key, carry(source(wire), index, mask)).first;
    }
    flow = found->second;
  }
  for (const auto dim : wire.inserted) {  // one value where the port takes several
    flow.value = flow.value.unsqueeze(dim);
    if (flow.mask.defined() && dim <= flow.mask.dim()) flow.mask = flow.mask.unsqueeze(dim);
  }
  if (wire.stop) flow.value = flow.value.detach();
  return flow;
}

}  // namespace braid::graph
