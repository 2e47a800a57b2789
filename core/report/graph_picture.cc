#include "report/graph_picture.h"

#include "report/html.h"
#include "report/layout.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <vector>

namespace braid::report {
namespace {

using recipe::Plan;
using recipe::Wire;

constexpr double letter = 6.65, line_height = 14, pad = 9;  // of the page's 11 px type of one width
constexpr std::size_t most_letters = 26;

struct Line {
  std::string text, style;
};
struct Box {
  std::string style;        // "k-tower"
  std::vector<Line> lines;  // the first one is the name
  std::string title;        // told when a pointer rests on it
  bool dead = false;
};
// A wire of the plan between boxes. Sinks: nodes, then metrics.
struct Edge {
  int from = 0, to = 0;
  std::string title, style;
};

std::string cut(const std::string& text) {
  std::size_t letters = 0, at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && ++letters >= most_letters) break;
  return at < text.size() ? text.substr(0, at) + "…" : text;
}
std::size_t letters_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
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

class Picture {
 public:
  Picture(const Plan& plan, const std::map<std::string, NodeFacts>& facts) : plan_(plan) {
    for (const auto& node : plan.nodes) add_node(node, facts);
    add_metrics();
    add_sources();
    set_layers();
  }

  std::string html() {
    Layout layout;
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      std::size_t letters = 0;
      for (const auto& line : boxes_[b].lines) letters = std::max(letters, letters_of(line.text));
      layout.boxes.push_back({layers_[b], static_cast<double>(letters) * letter + 2 * pad + 3,
                              static_cast<double>(boxes_[b].lines.size()) * line_height + 9, 0, 0});
    }
    for (const auto& edge : edges_) layout.edges.push_back({edge.from, edge.to, ""});
    place(layout);
    const auto wide = coordinate(layout.width), high = coordinate(layout.height);
    // As wide as drawn where there is room, down to four fifths of that; then its box scrolls.
    std::string out = legend() + "<div class=\"graph\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                      wide + " " + high + "\" width=\"" + wide + "\" height=\"" + high +
                      "\" style=\"width:100%;min-width:" + coordinate(layout.width * 0.8) + "px;max-width:" + wide +
                      "px\" role=\"img\"><title>The graph</title>\n";
    for (std::size_t e = 0; e < edges_.size(); ++e)
      out += "<g class=\"edge\"><title>" + escaped(edges_[e].title) + "</title><path class=\"hit\" d=\"" +
             layout.edges[e].path + "\"/><path class=\"wire" + edges_[e].style + "\" d=\"" + layout.edges[e].path +
             "\"/></g>\n";
    for (std::size_t b = 0; b < boxes_.size(); ++b) out += drawn(boxes_[b], layout.boxes[b]);
    return out + "</svg></div>\n";
  }

 private:
  static std::string drawn(const Box& box, const LayoutBox& at) {
    std::string out = "<g class=\"node\"><title>" + escaped(box.title) + "</title><rect class=\"box" +
                      (box.dead ? " dead" : "") + "\" x=\"" + coordinate(at.x) + "\" y=\"" + coordinate(at.y) +
                      "\" width=\"" + coordinate(at.width) + "\" height=\"" + coordinate(at.height) +
                      "\" rx=\"2\"/><rect class=\"" + box.style + "\" x=\"" + coordinate(at.x) + "\" y=\"" +
                      coordinate(at.y) + "\" width=\"3\" height=\"" + coordinate(at.height) + "\"/>";
    for (std::size_t k = 0; k < box.lines.size(); ++k)
      out += "<text x=\"" + coordinate(at.x + pad + 3) + "\" y=\"" +
             coordinate(at.y + 15.5 + line_height * static_cast<double>(k)) + "\"" +
             (box.lines[k].style.empty() ? "" : " class=\"" + box.lines[k].style + "\"") + ">" +
             escaped(box.lines[k].text) + "</text>";
    return out + "</g>\n";
  }

  std::string legend() const {
    static constexpr std::array<std::pair<const char*, const char*>, 6> kinds{{{"k-data", "data"},
                                                                               {"k-tower", "tower"},
                                                                               {"k-fusion", "fusion"},
                                                                               {"k-ranker", "ranker"},
                                                                               {"k-loss", "loss"},
                                                                               {"k-metric", "metric"}}};
    std::string out = "<div class=\"legend\">";
    for (const auto& [style, name] : kinds)
      if (std::any_of(boxes_.begin(), boxes_.end(), [&](const Box& b) { return b.style == style; }))
        out += std::string("<span><i class=\"key ") + style + "\"></i>" + name + "</span>";
    if (std::any_of(edges_.begin(), edges_.end(), [](const Edge& e) { return e.style == " link"; }))
      out += "<span><i class=\"dash\"></i>carried through a link or list</span>";
    if (std::any_of(edges_.begin(), edges_.end(), [](const Edge& e) { return e.style == " stop"; }))
      out += "<span><i class=\"dots\"></i>no gradient</span>";
    return out + "</div>\n";
  }

  void add_node(const recipe::NodePlan& node, const std::map<std::string, NodeFacts>& facts) {
    Box box;
    box.style = kind_style(node);
    box.lines.push_back({cut(node.name), "name"});
    box.lines.push_back({cut(node.use.component), ""});
    box.title = node.name + ": " + node.use.component + " (" + std::string(name_of(node.use.schema.kind)) + ")";
    if (node.same != recipe::none)
      box.lines.push_back({cut("same as " + plan_.nodes[static_cast<std::size_t>(node.same)].name), ""});
    if (node.frozen) box.lines.push_back({"frozen", ""});
    if (const auto found = facts.find(node.name); found != facts.end()) {
      if (found->second.parameters > 0) box.lines.push_back({counted(found->second.parameters), ""});
      box.dead = found->second.dead;
      if (box.dead) box.lines.push_back({"no gradient", "dead-text"});
      box.title += "\n" + counted(found->second.parameters) + " parameters";
    }
    for (const auto& [name, value] : node.use.values) box.title += "\n" + name + " = " + text_of(value);
    boxes_.push_back(std::move(box));
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
        boxes_.push_back({"k-metric", {}, "metrics", false});
        metrics_.emplace_back(found->second, &metric);
      }
      auto& box = boxes_[static_cast<std::size_t>(found->second)];
      box.lines.push_back({cut(metric.name), box.lines.empty() ? "name" : ""});
      box.title += "\n" + metric.name + ": " + metric.use.component;
    }
  }

  // What data a wire reads, and what is drawn of it. Fields of one axis that feed the same inputs are one box.
  struct Source {
    std::string axis, what, detail;
    std::vector<std::pair<int, std::string>> readers;  // box and port
    bool field = false;
  };

  void add_sources() {
    std::map<std::string, Source> sources;  // by axis and name
    struct Read {
      std::string source;
      int to;
      std::string title, style;
    };
    std::vector<Read> reads;
    const auto wire_in = [&](const Wire& wire, int to, const std::string& name, const std::string& port) {
      const std::string style = wire.stop ? " stop" : wire.via.any() ? " link" : "";
      const auto title = wire.text + " → " + name + "." + port + "\n" + type_text(plan_, wire.type);
      if (wire.source == Wire::Source::node) {
        edges_.push_back({wire.node, to, title, style});
        return;
      }
      auto source = source_of(wire);
      const auto key = source.axis + "\n" + source.what;
      auto& known = sources.try_emplace(key, std::move(source)).first->second;
      known.readers.emplace_back(to, port);
      reads.push_back({key, to, title, style});
    };
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      const auto& node = plan_.nodes[n];
      inputs(node.use.schema, node.inputs,
             [&](const Wire& wire, const std::string& port) { wire_in(wire, static_cast<int>(n), node.name, port); });
    }
    for (const auto& [box, metric] : metrics_)
      inputs(metric->use.schema, metric->inputs, [&, at = box, m = metric](const Wire& wire, const std::string& port) {
        wire_in(wire, at, m->name, port);
      });

    std::map<std::string, int> box_of;  // by source
    std::map<std::pair<std::string, std::vector<std::pair<int, std::string>>>, int> together;
    for (auto& [key, source] : sources) {
      std::sort(source.readers.begin(), source.readers.end());
      auto [found, fresh] = together.try_emplace(
          {source.axis + (source.field ? "" : "\n" + source.what), source.readers}, static_cast<int>(boxes_.size()));
      if (fresh) {
        boxes_.push_back({"k-data", {{cut(source.axis), "name"}}, source.axis, false});
        is_field_.insert({found->second, source.field});
      }
      auto& box = boxes_[static_cast<std::size_t>(found->second)];
      box.lines.push_back({cut(source.what), ""});
      box.title += "\n" + source.what + ": " + source.detail;
      box_of[key] = found->second;
    }
    for (const auto& read : reads) {
      const Edge edge{box_of[read.source], read.to, read.title, read.style};
      // Fields of one box in one port are one wire to the eye.
      const auto twin = std::find_if(edges_.begin(), edges_.end(), [&](const Edge& e) {
        return e.from == edge.from && e.to == edge.to && e.style == edge.style;
      });
      if (twin == edges_.end()) edges_.push_back(edge);
      else twin->title += "\n" + edge.title;
    }
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

  Source source_of(const Wire& wire) const {
    const auto& axis = plan_.axes[static_cast<std::size_t>(wire.axis)];
    const auto& table = plan_.tables[static_cast<std::size_t>(axis.table)];
    switch (wire.source) {
      case Wire::Source::field: {
        const auto& field = table.fields[static_cast<std::size_t>(wire.field)];
        return {axis.name, field.name, field.use.component, {}, true};
      }
      case Wire::Source::label: {
        const auto& label = table.labels[static_cast<std::size_t>(wire.label)];
        return {axis.name, label.name, "label, " + label.text, {}, false};
      }
      case Wire::Source::link:
        return {axis.name, table.links[static_cast<std::size_t>(wire.link)].name, "keys of a link", {}, false};
      case Wire::Source::key:
        return {axis.name, "keys", "keys of the rows", {}, false};
      default:
        return {axis.name, "rows", "numbers of the rows", {}, false};
    }
  }

  // Fields stand at the left; a node one layer behind the last that it reads; losses and metrics in the last layer;
  // labels and keys beside what reads them.
  void set_layers() {
    layers_.assign(boxes_.size(), 0);
    const auto deepest_source = [&](int box) {
      int deepest = 0;
      for (const auto& edge : edges_)
        if (edge.to == box) deepest = std::max(deepest, layers_[static_cast<std::size_t>(edge.from)]);
      return deepest;
    };
    int last = 1;
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {  // the plan's order: sources come first
      layers_[n] = 1 + deepest_source(static_cast<int>(n));
      last = std::max(last, layers_[n] + (plan_.nodes[n].trains ? 0 : 1));
    }
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      const bool read =
          std::any_of(edges_.begin(), edges_.end(), [&](const Edge& e) { return e.from == static_cast<int>(n); });
      if (plan_.nodes[n].trains && !read) layers_[n] = last;
    }
    draw_near();
    for (const auto& [box, metric] : metrics_)
      layers_[static_cast<std::size_t>(box)] = std::max(last, 1 + deepest_source(box));
    for (const auto& [box, field] : is_field_) {
      if (field) continue;
      int first = last + 1;
      for (const auto& edge : edges_)
        if (edge.from == box) first = std::min(first, layers_[static_cast<std::size_t>(edge.to)]);
      layers_[static_cast<std::size_t>(box)] = first - 1;
    }
    close_holes();
  }

  // A node that reads one box stands right before its first reader: what it reads passes in one lane that others share.
  void draw_near() {
    for (int n = static_cast<int>(plan_.nodes.size()) - 1; n >= 0; --n) {
      std::set<int> sources;
      int first = std::numeric_limits<int>::max();
      for (const auto& edge : edges_) {
        if (edge.to == n) sources.insert(edge.from);
        if (edge.from == n && edge.to < static_cast<int>(plan_.nodes.size()))
          first = std::min(first, layers_[static_cast<std::size_t>(edge.to)]);
      }
      auto& layer = layers_[static_cast<std::size_t>(n)];
      if (sources.size() <= 1 && first != std::numeric_limits<int>::max()) layer = std::max(layer, first - 1);
    }
  }

  void close_holes() {
    const std::set<int> used(layers_.begin(), layers_.end());
    for (auto& layer : layers_) layer = static_cast<int>(std::distance(used.begin(), used.find(layer)));
  }

  const Plan& plan_;
  std::vector<Box> boxes_;  // nodes in the plan's order, then metrics, then data
  std::vector<Edge> edges_;
  std::vector<std::pair<int, const recipe::MetricPlan*>> metrics_;  // box, and one of its metrics
  std::map<int, bool> is_field_;                                    // by box of data
  std::vector<int> layers_;
};

}  // namespace

std::string type_text(const Plan& plan, const recipe::Type& type) {
  std::string out(name_of(type.dtype));
  if (type.id_rows) out += "(" + std::to_string(*type.id_rows) + ")";
  if (type.optional_rows) out += "?";
  out += "[";
  for (std::size_t d = 0; d < type.dims.size(); ++d) {
    const auto& dim = type.dims[d];
    out += d ? ", " : "";
    switch (dim.kind) {
      case recipe::Size::Kind::axis:
        out += plan.axes[static_cast<std::size_t>(dim.axis)].name;
        break;
      case recipe::Size::Kind::fixed:
        out += std::to_string(dim.value);
        break;
      case recipe::Size::Kind::list:
      case recipe::Size::Kind::padded:
        out += "≤" + std::to_string(dim.value);
        break;
      case recipe::Size::Kind::unknown:
        out += "?";
        break;
    }
  }
  return out + "]";
}

std::string graph_html(const Plan& plan, const std::map<std::string, NodeFacts>& facts) {
  return Picture(plan, facts).html();
}

}  // namespace braid::report
