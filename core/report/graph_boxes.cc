#include "report/graph_boxes.h"

#include "recipe/plan/shapes.h"
#include "report/html.h"

#include <algorithm>
#include <set>
#include <utility>

namespace braid::report {
namespace {

using recipe::Plan;
using recipe::Wire;

constexpr std::size_t most_letters = 26, most_letters_alone = 38;

std::string cut(const std::string& text, std::size_t most = most_letters) {
  std::size_t letters = 0, at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && ++letters >= most) break;
  return at < text.size() ? text.substr(0, at) + "…" : text;
}

// A parameter's value, short.
struct ValueText {
  std::string operator()(std::monostate) const { return "–"; }
  std::string operator()(bool b) const { return b ? "true" : "false"; }
  std::string operator()(std::int64_t n) const { return std::to_string(n); }
  std::string operator()(double x) const { return short_number(x); }
  std::string operator()(const std::string& s) const { return s; }
  std::string operator()(const Path& p) const { return p.text.substr(p.text.rfind('/') + 1); }
  std::string operator()(const std::vector<std::int64_t>& all) const { return list(all); }
  std::string operator()(const std::vector<double>& all) const { return list(all); }
  std::string operator()(const std::vector<std::string>& all) const { return list(all); }
  template <class T>
  std::string list(const std::vector<T>& all) const {
    std::string out = "[";
    for (std::size_t k = 0; k < all.size(); ++k) out += (k ? ", " : "") + (*this)(all[k]);
    return out + "]";
  }
};

std::string text_of(const Value& value) { return std::visit(ValueText{}, value); }

std::string kind_style(const recipe::NodePlan& node) {
  if (node.trains) return "k-loss";
  const auto kind = node.use.schema.kind;
  return kind == Kind::fusion ? "k-fusion" : kind == Kind::ranker ? "k-ranker" : "k-tower";
}

class Builder {
 public:
  Builder(const Plan& plan, const PictureParts* parts) : plan_(plan), parts_(parts) {}

  GraphBoxes run(const std::map<std::string, NodeFacts>& facts) {
    for (const auto& node : plan_.nodes) add_node(node, facts);
    add_metrics();
    add_sources();
    for (std::size_t b = 0; b < boxes_.size(); ++b) boxes_[b].placed_with = group_around(b);
    set_layers(plan_, graph_);
    return std::move(graph_);
  }

 private:
  void add_node(const recipe::NodePlan& node, const std::map<std::string, NodeFacts>& facts) {
    GraphBox box;
    box.style = kind_style(node);
    if (const recipe::NodeId n{boxes_.size()}; parts_ && parts_->ahead.contains(n))
      box.group = parts_->ahead[n] ? 0 : parts_->request[n] ? 1 : -1;
    box.lines.push_back({cut(node.name), "name"});
    box.lines.push_back({cut(node.use.component), ""});
    box.title = node.name + ": " + node.use.component + " (" + std::string(name_of(node.use.schema.kind)) + ")";
    if (node.same) box.lines.push_back({cut("same as " + plan_.nodes[*node.same].name), ""});
    if (node.frozen) box.lines.push_back({"frozen", ""});
    if (const auto found = facts.find(node.name); found != facts.end()) {
      const auto& words = found->second.words;
      if (!words.empty()) box.lines.push_back({cut(words, most()), ""});
      else if (found->second.parameters > 0)
        box.lines.push_back({counted(found->second.parameters) + (parts_ ? " parameters" : ""), ""});
      box.dead = found->second.dead;
      if (box.dead) box.lines.push_back({"no gradient", "dead-text"});
      box.title += "\n" + (words.empty() ? counted(found->second.parameters) + " parameters" : words);
    }
    if (parts_ && !node.trains) add_outputs(node, box);
    for (const auto& [name, value] : node.use.values) box.title += "\n" + name + " = " + text_of(value);
    boxes_.push_back(std::move(box));
  }

  std::size_t most() const { return parts_ ? most_letters_alone : most_letters; }

  // Each output that somebody reads, with its shape.
  void add_outputs(const recipe::NodePlan& node, GraphBox& box) const {
    int flat = 0;
    for (std::size_t p = 0; p < node.outputs.size(); ++p)
      for (std::size_t n = 0; n < node.outputs[p].size(); ++n, ++flat)
        if (node.wanted[p][n])
          box.lines.push_back({cut(recipe::output_name(node, flat).substr(node.name.size() + 1) + " " +
                                       report::type_text(plan_, node.outputs[p][n]),
                                   most()),
                               ""});
  }

  // Metrics that read the same wires are one box.
  void add_metrics() {
    std::map<std::string, int> by_inputs;
    for (const auto& metric : plan_.metrics) {
      std::string inputs;
      for (const auto& port : metric.inputs)
        for (const auto& wire : port) inputs += wire.text + "\n";
      auto [found, fresh] = by_inputs.try_emplace(inputs, static_cast<int>(boxes_.size()));
      if (fresh) {
        auto& box = boxes_.emplace_back();
        box.shows = GraphBox::Shows::metrics;
        box.style = "k-metric";
        box.title = "metrics";
        metrics_.emplace_back(found->second, &metric);
      }
      auto& box = boxes_[static_cast<std::size_t>(found->second)];
      box.lines.push_back({cut(metric.name), box.lines.empty() ? "name" : ""});
      box.title += "\n" + metric.name + ": " + metric.use.component;
    }
  }

  // What data a wire reads, and what is drawn of it.
  struct Source {
    std::string axis, what, detail;
    bool field = false;
    std::string shape = {};                                 // on its own axis
    std::vector<std::pair<int, std::string>> readers = {};  // box and port
  };
  // A wire from a source, whose box is not known before all readers of all sources are.
  struct Read {
    std::string source;
    GraphWire wire;
  };

  void add_sources() {
    for (const auto n : plan_.nodes.ids()) {
      const auto& node = plan_.nodes[n];
      inputs(node.use.schema, node.inputs,
             [&](const Wire& wire, const std::string& port) { add_input(wire, box_of_node(n), node.name, port); });
    }
    for (const auto& [box, metric] : metrics_)
      inputs(metric->use.schema, metric->inputs, [&, at = box, m = metric](const Wire& wire, const std::string& port) {
        add_input(wire, at, m->name, port);
      });
    const auto box_of = add_source_boxes();
    for (auto& read : reads_) {
      read.wire.from = box_of.at(read.source);
      add_wire(read.wire, true);
    }
  }

  void add_input(const Wire& wire, int to, const std::string& name, const std::string& port) {
    const auto open = wire.via ? wire.text.rfind('[') : std::string::npos;
    GraphWire drawn{0, to, wire.text + " → " + name + "." + port + "\n" + report::type_text(plan_, wire.type),
                    wire.stop  ? " stop"
                    : wire.via ? " link"
                               : "",
                    open == std::string::npos ? "" : wire.text.substr(open)};
    if (const auto* from = wire.node()) {
      drawn.from = box_of_node(from->node);
      return add_wire(drawn);
    }
    auto source = source_of(wire);
    if (!wire.via) source.shape = report::type_text(plan_, wire.type);
    const auto key = source.axis + "\n" + source.what;
    auto& known = sources_.try_emplace(key, std::move(source)).first->second;
    known.readers.emplace_back(to, port);
    reads_.push_back({key, std::move(drawn)});
  }

  // Fields of one axis that feed the same inputs are one box. Returns boxes by source.
  std::map<std::string, int> add_source_boxes() {
    std::map<std::string, int> box_of;
    std::map<std::pair<std::string, std::vector<std::pair<int, std::string>>>, int> together;
    for (auto& [key, source] : sources_) {
      std::sort(source.readers.begin(), source.readers.end());
      auto [found, fresh] = together.try_emplace(
          {source.axis + (source.field ? "" : "\n" + source.what), source.readers}, static_cast<int>(boxes_.size()));
      if (fresh) {
        auto& box = boxes_.emplace_back();
        box.shows = source.field ? GraphBox::Shows::fields : GraphBox::Shows::other_data;
        box.style = "k-data";
        box.lines = {{cut(source.axis), "name"}};
        box.title = source.axis;
      }
      auto& box = boxes_[static_cast<std::size_t>(found->second)];
      box.lines.push_back({cut(source.what + (parts_ && !source.shape.empty() ? " " + source.shape : ""), most()), ""});
      box.title += "\n" + source.what + ": " + source.detail;
      box_of[key] = found->second;
    }
    return box_of;
  }

  // Fields of one box in one port are one wire to the eye; in a picture of its own all wires between two boxes are.
  void add_wire(const GraphWire& wire, bool field = false) {
    const auto twin = std::find_if(wires_.begin(), wires_.end(), [&](const GraphWire& w) {
      return w.from == wire.from && w.to == wire.to && w.style == wire.style;
    });
    if (twin == wires_.end() || !(field || parts_)) return wires_.push_back(wire);
    twin->title += "\n" + wire.title;
    if (twin->label.find(wire.label) == std::string::npos) twin->label += " " + wire.label;
  }

  template <class Visit>
  static void inputs(const ComponentSchema& schema, const std::vector<std::vector<Wire>>& wires, const Visit& visit) {
    std::size_t port = 0;
    for (const auto& p : schema.ports) {
      if (p.output) continue;
      if (port < wires.size())
        for (const auto& wire : wires[port]) visit(wire, p.name);
      ++port;
    }
  }

  // Nodes' boxes are the first.
  static int box_of_node(recipe::NodeId node) { return static_cast<int>(node.index()); }

  Source source_of(const Wire& wire) const {
    const auto& axis = plan_.axes[*wire.axis];
    const auto& table = plan_.tables[axis.table];
    return std::visit(recipe::Cases{[&](const recipe::FieldOutput& from) {
                                      const auto& field = table.fields[from.field];
                                      return Source{axis.name, field.name, field.use.component, true};
                                    },
                                    [&](const recipe::LabelOf& from) {
                                      const auto& label = table.labels[from.label];
                                      return Source{axis.name, label.name, "label, " + label.text};
                                    },
                                    [&](const recipe::LinkKey& from) {
                                      return Source{axis.name, table.links[from.link].name, "keys of a link"};
                                    },
                                    [&](const recipe::KeyOf&) {
                                      return Source{axis.name, "keys", "keys of the rows"};
                                    },
                                    [&](const auto&) {
                                      return Source{axis.name, "rows", "numbers of the rows"};
                                    }},
                      wire.source);
  }

  // Data that one part of the serving side alone reads is placed with it.
  int group_around(std::size_t box) const {
    const auto shows = boxes_[box].shows;
    if (shows != GraphBox::Shows::fields && shows != GraphBox::Shows::other_data) return boxes_[box].group;
    std::set<int> readers;
    for (const auto& wire : wires_)
      if (wire.from == static_cast<int>(box)) readers.insert(boxes_[static_cast<std::size_t>(wire.to)].group);
    return readers.size() == 1 ? *readers.begin() : -1;
  }

  const Plan& plan_;
  const PictureParts* parts_;
  GraphBoxes graph_;
  std::vector<GraphBox>& boxes_ = graph_.boxes;
  std::vector<GraphWire>& wires_ = graph_.wires;
  std::vector<std::pair<int, const recipe::MetricPlan*>> metrics_;  // box, and one of its metrics
  std::map<std::string, Source> sources_;                           // by axis and name
  std::vector<Read> reads_;
};

}  // namespace

std::string type_text(const Plan& plan, const recipe::Type& type) {
  std::string out(name_of(type.dtype));
  if (type.id_rows) out += "(" + std::to_string(*type.id_rows) + ")";
  if (type.optional_rows) out += "?";
  out += "[";
  for (std::size_t d = 0; d < type.dims.size(); ++d) {
    out += d ? ", " : "";
    out += std::visit(
        recipe::Cases{[&](const recipe::AxisRows& rows) { return plan.axes[rows.axis].name; },
                      [](const recipe::FixedSize& fixed) { return std::to_string(fixed.value); },
                      [](const recipe::ListPlaces& places) { return "≤" + std::to_string(places.most.value_or(0)); },
                      [](const recipe::PaddedPlaces& places) { return "≤" + std::to_string(places.most.value_or(0)); },
                      [](const recipe::UnknownSize&) { return std::string("?"); }},
        type.dims[d]);
  }
  return out + "]";
}

GraphBoxes graph_boxes(const Plan& plan, const std::map<std::string, NodeFacts>& facts, const PictureParts* parts) {
  return Builder(plan, parts).run(facts);
}

}  // namespace braid::report
