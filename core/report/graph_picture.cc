#include "report/graph_picture.h"

#include "recipe/plan/shapes.h"
#include "report/graph_layout.h"
#include "report/html.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <vector>

namespace braid::report {
namespace {

using recipe::Plan;
using recipe::Wire;

constexpr double letter = 6.65, line_height = 14, pad = 9;  // of the page's 11 px type of one width
constexpr std::size_t most_letters = 26, most_letters_alone = 38;
constexpr std::size_t most_labelled = 24;  // boxes: a picture of more has no room for text on its wires

// The style of a picture that is a file of its own: the page's colours, and what its own letters need.
constexpr std::string_view style_alone =
#include "report/graph_style.inc"
#include "report/palette.inc"
    R"css(
.graph .paper { fill: var(--paper); }
.graph .title { fill: var(--ink); font-weight: 650; font-size: 14px; }
.graph text { fill: var(--soft); }
.graph .box.g-ahead { fill: var(--ahead); } .graph .box.g-request { fill: var(--request); }
.graph .part { fill: none; stroke: var(--faint); stroke-dasharray: 2 2; }
.graph .label { fill: var(--soft); font-size: 10px; stroke: var(--paper); stroke-width: 3px; paint-order: stroke; }
.graph .key-line { stroke: var(--faint); stroke-width: 1.4; fill: none; }
.graph .key-line.link { stroke-dasharray: 5 3; } .graph .key-line.stop { stroke-dasharray: 1.5 3; }
:root { --ahead: #e4f0ea; --request: #e3ebf6; }
@media (prefers-color-scheme: dark) { :root { --ahead: #1c2c27; --request: #1b2736; } }
)css";

struct Line {
  std::string text, style;
};
struct Box {
  std::string style;        // "k-tower"
  std::vector<Line> lines;  // the first one is the name
  std::string title;        // told when a pointer rests on it
  bool dead = false;
  int group = -1;  // in serving: 0 ahead, 1 on request
};
// A wire of the plan between boxes. Sinks: nodes, then metrics.
struct Edge {
  int from = 0, to = 0;
  std::string title, style;
  std::string label;  // "[ratings.item]"; empty: it stays on its axis
};

std::string cut(const std::string& text, std::size_t most = most_letters) {
  std::size_t letters = 0, at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && ++letters >= most) break;
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

struct Point {
  double x = 0, y = 0;
};

// Points along path data as layouts write it: M, C (one or several curves) and H.
std::vector<Point> points_of(const std::string& path) {
  constexpr int steps = 16;
  std::vector<Point> out;
  std::vector<double> given;
  char verb = 'M';
  const auto flush = [&] {
    if (verb == 'M' && given.size() >= 2) out.push_back({given[0], given[1]});
    if (verb == 'H' && !given.empty() && !out.empty()) {
      const auto from = out.back();
      for (int s = 1; s <= steps; ++s) out.push_back({from.x + (given[0] - from.x) * s / steps, from.y});
    }
    for (std::size_t k = 0; verb == 'C' && !out.empty() && k + 6 <= given.size(); k += 6) {
      const auto a = out.back();
      for (int s = 1; s <= steps; ++s) {
        const double t = static_cast<double>(s) / steps, u = 1 - t;
        const auto at = [&](double from, std::size_t j) {
          return u * u * u * from + 3 * u * u * t * given[k + j] + 3 * u * t * t * given[k + 2 + j] +
                 t * t * t * given[k + 4 + j];
        };
        out.push_back({at(a.x, 0), at(a.y, 1)});
      }
    }
    given.clear();
  };
  for (const char* at = path.c_str(); *at;) {
    char* end = nullptr;
    if (*at == 'M' || *at == 'C' || *at == 'H') flush(), verb = *at++;
    else if (const double x = std::strtod(at, &end); end != at) given.push_back(x), at = end;
    else ++at;
  }
  flush();
  return out;
}

class Picture {
 public:
  // `parts`: of a file of its own; null: a part of a page.
  Picture(const Plan& plan, const std::map<std::string, NodeFacts>& facts, const PictureParts* parts)
      : plan_(plan), parts_(parts) {
    for (const auto& node : plan.nodes) add_node(node, facts);
    add_metrics();
    add_sources();
    set_layers();
  }

  std::string html() {
    auto layout = geometry();
    place(layout);
    const auto wide = coordinate(layout.width), high = coordinate(layout.height);
    // As wide as drawn where there is room, down to four fifths of that; then its box scrolls.
    std::string out = legend() + "<div class=\"graph\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                      wide + " " + high + "\" width=\"" + wide + "\" height=\"" + high +
                      "\" style=\"width:100%;min-width:" + coordinate(layout.width * 0.8) + "px;max-width:" + wide +
                      "px\" role=\"img\"><title>The graph</title>\n";
    return out + inside(layout) + "</svg></div>\n";
  }

  std::string svg() {
    auto layout = geometry();
    if (!parts_->other_place || !parts_->other_place(layout)) place(layout);
    place_labels(layout);
    constexpr double side = 12, title_height = 34;
    const double wide = std::max(layout.width, 640.0);
    double high = title_height;
    const auto keys = legend_alone(side, wide, high);
    const auto width = coordinate(wide), height = coordinate(high + layout.height);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" viewBox=\"0 0 " + width + " " + height +
           "\" width=\"" + width + "\" height=\"" + height + "\" role=\"img\">\n<title>" + escaped(parts_->title) +
           "</title>\n<style>" + escaped(style_alone) + "</style>\n<rect class=\"paper\" width=\"" + width +
           "\" height=\"" + height + "\"/>\n<text class=\"title\" x=\"" + coordinate(side) + "\" y=\"24\">" +
           escaped(parts_->title) + "</text>\n" + keys + "<g transform=\"translate(" +
           coordinate((wide - layout.width) / 2) + " " + coordinate(high) + ")\">\n" + inside(layout) +
           "</g>\n</svg>\n";
  }

 private:
  static constexpr std::array<const char*, 2> group_titles{"ahead, for every entity", "on request"};

  Layout geometry() const {
    Layout layout;
    const bool labels = parts_ && boxes_.size() <= most_labelled;
    for (std::size_t b = 0; b < boxes_.size(); ++b) {
      std::size_t letters = 0;
      for (const auto& line : boxes_[b].lines) letters = std::max(letters, letters_of(line.text));
      LayoutBox box;
      box.layer = layers_[b];
      box.width = static_cast<double>(letters) * letter + 2 * pad + 3;
      box.height = static_cast<double>(boxes_[b].lines.size()) * line_height + 9;
      box.group = group_of(b);
      layout.boxes.push_back(box);
    }
    for (const auto& edge : edges_) {
      LayoutEdge one;
      one.from = edge.from, one.to = edge.to;
      if (labels && !edge.label.empty()) one.label_width = static_cast<double>(letters_of(edge.label)) * 6.05 + 8;
      layout.edges.push_back(one);
    }
    if (parts_ && !parts_->ahead.empty())
      for (const auto* title : group_titles)
        layout.groups.push_back({static_cast<double>(letters_of(title)) * letter + 8, 0, 0, 0, 0});
    return layout;
  }

  // A label stands on its wire, where it hides no box, no other label and no other wire; without such a place it is
  // left out, and the pointer tells.
  void place_labels(Layout& layout) const {
    constexpr double high = 12, air = 3;
    std::vector<std::vector<Point>> ways;
    for (const auto& edge : layout.edges) ways.push_back(points_of(edge.path));
    std::vector<std::array<double, 4>> taken;  // left, top, right, bottom
    for (const auto& box : layout.boxes) taken.push_back({box.x, box.y, box.x + box.width, box.y + box.height});
    for (std::size_t e = 0; e < layout.edges.size(); ++e) {
      auto& edge = layout.edges[e];
      if (edge.label_width <= 0) continue;
      const auto middle = edge.label_placed ? Point{edge.label_x, edge.label_y} : ways[e][ways[e].size() / 2];
      edge.label_placed = false;
      auto tries = ways[e];
      std::stable_sort(tries.begin(), tries.end(), [&](const Point& a, const Point& b) {
        const auto far = [&](const Point& p) { return std::abs(p.x - middle.x) + std::abs(p.y - middle.y); };
        return far(a) < far(b);
      });
      for (const auto& p : tries) {
        const std::array<double, 4> at{p.x - edge.label_width / 2 - air, p.y - high / 2 - air,
                                       p.x + edge.label_width / 2 + air, p.y + high / 2 + air};
        const auto meets = [&](const std::array<double, 4>& other) {
          return at[0] < other[2] && other[0] < at[2] && at[1] < other[3] && other[1] < at[3];
        };
        bool free = std::none_of(taken.begin(), taken.end(), meets);
        for (std::size_t o = 0; o < ways.size() && free; ++o)
          free = o == e || std::none_of(ways[o].begin(), ways[o].end(), [&](const Point& q) {
                   return q.x > at[0] && q.x < at[2] && q.y > at[1] && q.y < at[3];
                 });
        if (!free) continue;
        edge.label_x = p.x, edge.label_y = p.y, edge.label_placed = true;
        taken.push_back(at);
        break;
      }
    }
  }

  // Data that one part of the serving side alone reads stands with it.
  int group_of(std::size_t box) const {
    if (boxes_[box].group >= 0 || !is_field_.contains(static_cast<int>(box))) return boxes_[box].group;
    std::set<int> readers;
    for (const auto& edge : edges_)
      if (edge.from == static_cast<int>(box)) readers.insert(boxes_[static_cast<std::size_t>(edge.to)].group);
    return readers.size() == 1 ? *readers.begin() : -1;
  }

  std::string inside(const Layout& layout) const {
    std::string out;
    for (std::size_t g = 0; g < layout.groups.size(); ++g) {
      const auto& group = layout.groups[g];
      if (group.width <= 0) continue;
      out += "<rect class=\"part\" x=\"" + coordinate(group.x) + "\" y=\"" + coordinate(group.y) + "\" width=\"" +
             coordinate(group.width) + "\" height=\"" + coordinate(group.height) + "\" rx=\"4\"/><text x=\"" +
             coordinate(group.x + 9) + "\" y=\"" + coordinate(group.y + 16) + "\">" + group_titles[g] + "</text>\n";
    }
    for (std::size_t e = 0; e < edges_.size(); ++e)
      out += "<g class=\"edge\"><title>" + escaped(edges_[e].title) + "</title><path class=\"hit\" d=\"" +
             layout.edges[e].path + "\"/><path class=\"wire" + edges_[e].style + "\" d=\"" + layout.edges[e].path +
             "\"/></g>\n";
    for (std::size_t b = 0; b < boxes_.size(); ++b) out += drawn(boxes_[b], layout.boxes[b]);
    for (std::size_t e = 0; e < edges_.size(); ++e)
      if (layout.edges[e].label_placed)
        out += "<text class=\"label\" text-anchor=\"middle\" x=\"" + coordinate(layout.edges[e].label_x) + "\" y=\"" +
               coordinate(layout.edges[e].label_y + 3.5) + "\">" + escaped(edges_[e].label) + "</text>\n";
    return out;
  }

  static std::string drawn(const Box& box, const LayoutBox& at) {
    static constexpr std::array<const char*, 2> group_styles{" g-ahead", " g-request"};
    std::string out = "<g class=\"node\"><title>" + escaped(box.title) + "</title><rect class=\"box" +
                      (box.group < 0 ? "" : group_styles[static_cast<std::size_t>(box.group)]) +
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

  static constexpr std::array<std::pair<const char*, const char*>, 6> kinds{{{"k-data", "data"},
                                                                             {"k-tower", "tower"},
                                                                             {"k-fusion", "fusion"},
                                                                             {"k-ranker", "ranker"},
                                                                             {"k-loss", "loss"},
                                                                             {"k-metric", "metric"}}};
  bool any_box(const std::string& style) const {
    return std::any_of(boxes_.begin(), boxes_.end(), [&](const Box& b) { return b.style == style; });
  }
  bool any_group(int group) const {
    return std::any_of(boxes_.begin(), boxes_.end(), [&](const Box& b) { return b.group == group; });
  }
  bool any_edge(const std::string& style) const {
    return std::any_of(edges_.begin(), edges_.end(), [&](const Edge& e) { return e.style == style; });
  }

  // Keys in rows from `high` down; `high` is then below them.
  std::string legend_alone(double side, double wide, double& high) const {
    std::string out;
    double x = side;
    const auto key = [&](const std::string& mark, double mark_width, const std::string& name) {
      const double width = mark_width + 6 + static_cast<double>(letters_of(name)) * letter + 18;
      if (x + width > wide && x > side) x = side, high += 18;
      out += "<g transform=\"translate(" + coordinate(x) + " " + coordinate(high) + ")\">" + mark + "<text x=\"" +
             coordinate(mark_width + 6) + "\" y=\"10\">" + name + "</text></g>\n";
      x += width;
    };
    for (const auto& [style, name] : kinds)
      if (any_box(style))
        key(std::string("<rect class=\"") + style + "\" width=\"10\" height=\"10\" y=\"1\"/>", 10, name);
    const auto line = [&](const std::string& style, const char* name) {
      if (any_edge(style)) key("<path class=\"key-line" + style + "\" d=\"M0 6H22\"/>", 22, name);
    };
    line(" link", "carried through a link or list");
    line(" stop", "no gradient");
    const auto part = [&](int group, const char* style, const char* name) {
      if (any_group(group))
        key(std::string("<rect class=\"box ") + style + "\" width=\"16\" height=\"11\" y=\".5\"/>", 16, name);
    };
    part(0, "g-ahead", "in serving: ahead, for every entity");
    part(1, "g-request", "in serving: on request");
    high += 20;
    return out;
  }

  std::string legend() const {
    std::string out = "<div class=\"legend\">";
    for (const auto& [style, name] : kinds)
      if (any_box(style)) out += std::string("<span><i class=\"key ") + style + "\"></i>" + name + "</span>";
    if (any_edge(" link")) out += "<span><i class=\"dash\"></i>carried through a link or list</span>";
    if (any_edge(" stop")) out += "<span><i class=\"dots\"></i>no gradient</span>";
    return out + "</div>\n";
  }

  void add_node(const recipe::NodePlan& node, const std::map<std::string, NodeFacts>& facts) {
    Box box;
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
  void add_outputs(const recipe::NodePlan& node, Box& box) const {
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
        boxes_.push_back({"k-metric", {}, "metrics", false, -1});
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
    std::string shape = {};  // on its own axis
  };

  void add_sources() {
    std::map<std::string, Source> sources;  // by axis and name
    struct Read {
      std::string source;
      int to;
      std::string title, style, label;
    };
    std::vector<Read> reads;
    const auto wire_in = [&](const Wire& wire, int to, const std::string& name, const std::string& port) {
      const std::string style = wire.stop ? " stop" : wire.via ? " link" : "";
      const auto title = wire.text + " → " + name + "." + port + "\n" + report::type_text(plan_, wire.type);
      const auto open = wire.via ? wire.text.rfind('[') : std::string::npos;
      const auto label = open == std::string::npos ? "" : wire.text.substr(open);
      if (const auto* from = wire.node()) {
        add_wire({box_of_node(from->node), to, title, style, label});
        return;
      }
      auto source = source_of(wire);
      if (!wire.via) source.shape = report::type_text(plan_, wire.type);
      const auto key = source.axis + "\n" + source.what;
      auto& known = sources.try_emplace(key, std::move(source)).first->second;
      known.readers.emplace_back(to, port);
      reads.push_back({key, to, title, style, label});
    };
    for (const auto n : plan_.nodes.ids()) {
      const auto& node = plan_.nodes[n];
      inputs(node.use.schema, node.inputs,
             [&](const Wire& wire, const std::string& port) { wire_in(wire, box_of_node(n), node.name, port); });
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
        boxes_.push_back({"k-data", {{cut(source.axis), "name"}}, source.axis, false, -1});
        is_field_.insert({found->second, source.field});
      }
      auto& box = boxes_[static_cast<std::size_t>(found->second)];
      box.lines.push_back({cut(source.what + (parts_ && !source.shape.empty() ? " " + source.shape : ""), most()), ""});
      box.title += "\n" + source.what + ": " + source.detail;
      box_of[key] = found->second;
    }
    for (const auto& read : reads) {
      const Edge edge{box_of[read.source], read.to, read.title, read.style, read.label};
      add_wire(edge, true);
    }
  }

  // Fields of one box in one port are one wire to the eye; in a picture of its own all wires between two boxes are.
  void add_wire(const Edge& edge, bool field = false) {
    const auto twin = std::find_if(edges_.begin(), edges_.end(), [&](const Edge& e) {
      return e.from == edge.from && e.to == edge.to && e.style == edge.style;
    });
    if (twin == edges_.end() || !(field || parts_)) return edges_.push_back(edge);
    twin->title += "\n" + edge.title;
    if (twin->label.find(edge.label) == std::string::npos) twin->label += " " + edge.label;
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
    using From = Source;
    return std::visit(recipe::Cases{[&](const recipe::FieldOutput& from) {
                                      const auto& field = table.fields[from.field];
                                      return From{axis.name, field.name, field.use.component, {}, true};
                                    },
                                    [&](const recipe::LabelOf& from) {
                                      const auto& label = table.labels[from.label];
                                      return From{axis.name, label.name, "label, " + label.text, {}, false};
                                    },
                                    [&](const recipe::LinkKey& from) {
                                      return From{axis.name, table.links[from.link].name, "keys of a link", {}, false};
                                    },
                                    [&](const recipe::KeyOf&) {
                                      return From{axis.name, "keys", "keys of the rows", {}, false};
                                    },
                                    [&](const auto&) {
                                      return From{axis.name, "rows", "numbers of the rows", {}, false};
                                    }},
                      wire.source);
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
    for (const auto node : plan_.nodes.ids()) {  // the plan's order: sources come first
      auto& layer = layers_[node.index()];
      layer = 1 + deepest_source(box_of_node(node));
      last = std::max(last, layer + (plan_.nodes[node].trains ? 0 : 1));
    }
    for (const auto node : plan_.nodes.ids()) {
      const bool read =
          std::any_of(edges_.begin(), edges_.end(), [&](const Edge& e) { return e.from == box_of_node(node); });
      if (plan_.nodes[node].trains && !read) layers_[node.index()] = last;
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
  const PictureParts* parts_;
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

std::string graph_html(const Plan& plan, const std::map<std::string, NodeFacts>& facts) {
  return Picture(plan, facts, nullptr).html();
}

std::string graph_svg(const Plan& plan, const std::map<std::string, NodeFacts>& facts, const PictureParts& parts) {
  return Picture(plan, facts, &parts).svg();
}

}  // namespace braid::report
