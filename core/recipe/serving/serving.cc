// The serving side of a checked plan.
#include "recipe/serving/serving.h"

#include "recipe/plan/shapes.h"

#include <algorithm>
#include <set>

namespace braid::recipe {

namespace {

// All of its weights are embedding rows, and there are some.
bool looks_up(const NodePlan& node) {
  const auto& weights = node.use.schema.weights;
  return !weights.empty() && std::all_of(weights.begin(), weights.end(), [](const auto& w) { return w.table; });
}

// What the source gives before it is gathered.
Type source_type(const Plan& plan, const Wire& wire) {
  if (const auto* from = wire.node()) {
    auto output = from->output;
    for (const auto& types : plan.nodes[from->node].outputs) {
      if (output < types.size()) return types[output];
      output -= types.size();
    }
  }
  auto type = wire.type;
  for (auto d = wire.inserted.rbegin(); d != wire.inserted.rend(); ++d) type.dims.erase(type.dims.begin() + *d);
  if (const auto* list = wire.via ? wire.via->list() : nullptr) {
    const auto* draw = std::get_if<ListPlan::Draw>(&plan[*list].how);
    type.dims.erase(type.dims.begin() + 1, type.dims.begin() + (draw && draw->per ? 3 : 2));
  }
  type.dims[0] = AxisRows{wire.axis.value()};
  return type;
}

// "content.vector", "items.id", "items.both.left"
std::string source_name(const Plan& plan, const Wire& wire) {
  if (const auto* from = wire.node()) return output_name(plan.nodes[from->node], from->output);
  const auto& table = plan.table_of(*wire.axis);
  const auto& from = std::get<FieldOutput>(wire.source);
  const auto& field = table.fields[from.field];
  std::vector<std::string> ports;
  for (const auto& port : field.use.schema.ports)
    if (port.output) ports.push_back(port.name);
  return table.name + "." + field.name + (ports.size() > 1 ? "." + ports.at(from.output) : "");
}

class Side {
 public:
  Side(const Plan& plan, Serving& out)
      : plan_(plan),
        out_(out),
        can_(alone(plan, [&](NodeId k) { return plan.nodes[k].serve != NodePlan::Serve::request; })) {
    out.ahead.assign(plan.nodes.size(), false);
    out.request.assign(plan.nodes.size(), false);
  }

  void run() {
    for (const auto& wire : out_.outputs) read(wire);
    if (!label_.empty()) out_.trouble = "what is served needs the label '" + label_ + "', which no request has";
    if (!counted_.empty())
      out_.trouble = "what is served needs '" + counted_ + "', which is counted over training rows";
    if (!foreign_.empty())
      out_.trouble = "what is served needs '" + foreign_ + "', a node of another run: a teacher is not served";
    if (!out_.trouble.empty()) {
      out_.outputs.clear();
      return;
    }
    candidates();
  }

 private:
  // A wire that the part on request reads.
  void read(const Wire& wire) {
    const auto* link = wire.via ? wire.via->link() : nullptr;
    const auto* list = wire.via ? wire.via->list() : nullptr;
    if (link && link->table == plan_.train.rows) links_.insert(link->link);
    if (list && list->table == plan_.train.rows) lists_.insert(list->list);
    if (const auto* from = std::get_if<LabelOf>(&wire.source))
      label_ = plan_.table_of(*wire.axis).labels[from->label].name;
    if (is<CountOf>(wire.source)) counted_ = wire.text;
    if (const auto* from = wire.node()) return read_node(wire, from->node);
    if (wire.field() && !plan_.table_of(*wire.axis).event()) store(wire);
  }

  void read_node(const Wire& wire, NodeId k) {
    const auto& node = plan_.nodes[k];
    if (!node.weights_file.empty() && foreign_.empty()) foreign_ = node.name;
    // On a whole axis a lookup gives the same rows to every request.
    const bool later = node.serve != NodePlan::Serve::ahead && looks_up(node) && can_[k].table && !on_whole(wire);
    if (can_[k].can && !later) return store(wire), go_ahead(k);
    if (out_.request[k]) return;
    out_.request[k] = true;
    for (const auto& port : node.inputs)
      for (const auto& source : port) read(source);
  }

  bool on_whole(const Wire& wire) const { return wire.axis && plan_.axes[*wire.axis].whole; }

  void go_ahead(NodeId k) {
    if (out_.ahead[k]) return;
    out_.ahead[k] = true;
    if (!plan_.nodes[k].weights_file.empty() && foreign_.empty()) foreign_ = plan_.nodes[k].name;
    for (const auto& port : plan_.nodes[k].inputs)
      for (const auto& wire : port)
        if (const auto* from = wire.node()) go_ahead(from->node);
  }

  void store(const Wire& wire) {
    const auto table = plan_.axes[*wire.axis].table;
    for (const auto& old : out_.stored)
      if (old.wire.source == wire.source && old.table == table) return;
    Wire source{.source = wire.source, .axis = wire.axis, .place = wire.place};
    source.type = source_type(plan_, wire);
    source.text = source_name(plan_, wire);
    out_.stored.push_back({table, source, source.text});
  }

  void candidates() {
    out_.candidates = plan_.candidates;
    if (!plan_.train.rows || out_.candidates) return;
    const auto& table = plan_.driving();
    for (const auto list : lists_)
      if (const auto* history = table.history(list)) {
        out_.candidates = history->of;
        return;
      }
    if (!links_.empty()) out_.candidates = *links_.rbegin();
  }

  const Plan& plan_;
  Serving& out_;
  Indexed<NodeId, Alone<Wire>> can_;
  std::set<LinkId> links_;                 // of the driving table, ...
  std::set<ListId> lists_;                 // ... too
  std::string label_, counted_, foreign_;  // what cannot be served
};

}  // namespace

Indexed<NodeId, Alone<Wire>> alone(const Plan& plan, const std::function<bool(NodeId)>& may) {
  const auto each_wire = [&](NodeId k, const auto& visit) {
    for (const auto& port : plan.nodes[k].inputs)
      for (const auto& wire : port) visit(wire);
  };
  return alone<Wire, NodeId>(plan, plan.nodes.size(), plan.nodes.ids(), each_wire, may);
}

Serving serving(const Plan& plan) {
  Serving out;
  const auto rows = plan.train.rows ? std::optional(own_axis(*plan.train.rows)) : std::nullopt;
  if (!plan.serve.empty()) out.outputs = plan.serve;
  else if (plan.eval.score && plan.eval.score->to_axis() == rows) out.outputs = {*plan.eval.score};
  Side side(plan, out);
  if (out.outputs.empty())
    out.trouble = plan.eval.score ? "[eval] score does not live on the rows of [train]; [serve] outputs names nothing"
                                  : "neither [serve] outputs nor [eval] score names what is served";
  else side.run();
  return out;
}

}  // namespace braid::recipe
