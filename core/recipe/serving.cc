// The serving side of a checked plan.
#include "recipe/serving.h"

#include "recipe/shapes.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace braid::recipe {

namespace {

std::size_t index(int k) { return static_cast<std::size_t>(k); }

// All of its weights are embedding rows, and there are some.
bool looks_up(const NodePlan& node) {
  const auto& weights = node.use.schema.weights;
  return !weights.empty() && std::all_of(weights.begin(), weights.end(), [](const auto& w) { return w.table; });
}

// What the source gives before it is gathered.
Type source_type(const Plan& plan, const Wire& wire) {
  if (wire.source == Wire::Source::node) {
    auto port = index(wire.port);
    for (const auto& types : plan.nodes[index(wire.node)].outputs) {
      if (port < types.size()) return types[port];
      port -= types.size();
    }
  }
  auto type = wire.type;
  for (auto d = wire.inserted.rbegin(); d != wire.inserted.rend(); ++d) type.dims.erase(type.dims.begin() + *d);
  if (wire.via.list != none) {
    const bool per = plan.tables[index(wire.via.table)].lists[index(wire.via.list)].per != none;
    type.dims.erase(type.dims.begin() + 1, type.dims.begin() + (per ? 3 : 2));
  }
  type.dims[0].axis = wire.axis;
  return type;
}

// "content.vector", "items.id", "items.both.left"
std::string source_name(const Plan& plan, const Wire& wire) {
  if (wire.source == Wire::Source::node) return output_name(plan.nodes[index(wire.node)], wire.port);
  const auto& table = plan.tables[index(plan.axes[index(wire.axis)].table)];
  const auto& field = table.fields[index(wire.field)];
  std::vector<std::string> ports;
  for (const auto& port : field.use.schema.ports)
    if (port.output) ports.push_back(port.name);
  return table.name + "." + field.name + (ports.size() > 1 ? "." + ports.at(index(wire.port)) : "");
}

class Side {
 public:
  Side(const Plan& plan, Serving& out) : plan_(plan), out_(out) {
    can_ = alone(plan, [&](int k) { return plan.nodes[index(k)].serve != NodePlan::Serve::request; });
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
    if (wire.via.link != none) links_.insert(wire.via.link);
    if (wire.via.list != none) lists_.insert(wire.via.list);
    if (wire.source == Wire::Source::label)
      label_ = plan_.tables[index(plan_.axes[index(wire.axis)].table)].labels[index(wire.label)].name;
    if (wire.source == Wire::Source::count) counted_ = wire.text;
    if (wire.source == Wire::Source::node) return read_node(wire);
    if (wire.source == Wire::Source::field && !plan_.tables[index(plan_.axes[index(wire.axis)].table)].event())
      store(wire);
  }

  void read_node(const Wire& wire) {
    const auto k = index(wire.node);
    const auto& node = plan_.nodes[k];
    if (!node.weights_file.empty() && foreign_.empty()) foreign_ = node.name;
    // On a whole axis a lookup gives the same rows to every request.
    const bool later =
        node.serve != NodePlan::Serve::ahead && looks_up(node) && can_[k].table != none && !on_whole(wire);
    if (can_[k].can && !later) return store(wire), go_ahead(wire.node);
    if (out_.request[k]) return;
    out_.request[k] = true;
    for (const auto& port : node.inputs)
      for (const auto& source : port) read(source);
  }

  bool on_whole(const Wire& wire) const { return wire.axis != none && plan_.axes[index(wire.axis)].whole; }

  void go_ahead(int k) {
    if (out_.ahead[index(k)]) return;
    out_.ahead[index(k)] = true;
    if (!plan_.nodes[index(k)].weights_file.empty() && foreign_.empty()) foreign_ = plan_.nodes[index(k)].name;
    for (const auto& port : plan_.nodes[index(k)].inputs)
      for (const auto& wire : port)
        if (wire.source == Wire::Source::node) go_ahead(wire.node);
  }

  void store(const Wire& wire) {
    const int table = plan_.axes[index(wire.axis)].table;
    for (const auto& old : out_.stored)
      if (old.wire.source == wire.source && old.wire.port == wire.port && old.table == table &&
          (wire.source == Wire::Source::node ? old.wire.node == wire.node : old.wire.field == wire.field))
        return;
    Stored one;
    one.table = table;
    one.name = source_name(plan_, wire);
    one.wire = wire;
    one.wire.via = {};
    one.wire.to_axis = wire.axis;
    one.wire.stop = false;
    one.wire.inserted.clear();
    one.wire.type = source_type(plan_, wire);
    one.wire.text = one.name;
    out_.stored.push_back(std::move(one));
  }

  void candidates() {
    out_.candidates = plan_.candidates;
    if (plan_.train.rows == none || out_.candidates != none) return;
    const auto& table = plan_.tables[index(plan_.train.rows)];
    for (std::size_t k = 0; k < table.lists.size() && out_.candidates == none; ++k)
      if (lists_.contains(static_cast<int>(k))) out_.candidates = table.lists[k].of;
    if (out_.candidates == none && !links_.empty()) out_.candidates = *links_.rbegin();
  }

  const Plan& plan_;
  Serving& out_;
  std::vector<Alone> can_;
  std::set<int> links_, lists_;            // of the driving table
  std::string label_, counted_, foreign_;  // what cannot be served
};

}  // namespace

std::vector<Alone> alone(const Plan& tables, const std::vector<int>& order,
                         const std::function<void(int, const std::function<void(const Wire&)>&)>& each_wire,
                         const std::function<bool(int)>& may) {
  std::vector<Alone> out(order.size());
  for (const int k : order) {
    auto& node = out[index(k)];
    node.can = may(k);
    each_wire(k, [&](const Wire& wire) {
      if (node.against) return;
      // A number for the whole batch is another one in every batch.
      const auto whole = [&](int axis) { return axis != none && tables.axes[index(axis)].whole; };
      bool good = wire.to_axis != none && (wire.via.table == none || (whole(wire.to_axis) && whole(wire.axis))) &&
                  wire.source != Wire::Source::label && wire.source != Wire::Source::link;
      if (good && wire.source == Wire::Source::node) good = out[index(wire.node)].can;
      if (good) {
        const auto& axis = tables.axes[index(wire.to_axis)];
        if (!axis.whole) {
          good = !tables.tables[index(axis.table)].event();
          good = good && (node.table == none || node.table == axis.table);
          if (good) node.table = axis.table;
        }
      }
      if (!good) node.against = &wire, node.can = false;
    });
  }
  return out;
}

std::vector<Alone> alone(const Plan& plan, const std::function<bool(int)>& may) {
  std::vector<int> order(plan.nodes.size());
  std::iota(order.begin(), order.end(), 0);
  return alone(
      plan, order,
      [&](int k, const auto& visit) {
        for (const auto& port : plan.nodes[index(k)].inputs)
          for (const auto& wire : port) visit(wire);
      },
      may);
}

Serving serving(const Plan& plan) {
  Serving out;
  const int rows = plan.train.rows;
  if (!plan.serve.empty()) out.outputs = plan.serve;
  else if (plan.eval.score && plan.eval.score->to_axis == rows) out.outputs = {*plan.eval.score};
  Side side(plan, out);
  if (out.outputs.empty())
    out.trouble = plan.eval.score ? "[eval] score does not live on the rows of [train]; [serve] outputs names nothing"
                                  : "neither [serve] outputs nor [eval] score names what is served";
  else side.run();
  return out;
}

}  // namespace braid::recipe
