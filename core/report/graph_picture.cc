// Draws a graph as SVG: its boxes where a layout put them, its wires and their labels, and the legend.
#include "report/graph_picture.h"

#include "report/graph_boxes.h"
#include "report/html.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace braid::report {
namespace {

constexpr double letter = 6.65, line_height = 14, pad = 9;  // of the page's 11 px type of one width
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

class Picture {
 public:
  // `parts`: of a file of its own; null: a part of a page.
  Picture(GraphBoxes graph, const PictureParts* parts)
      : parts_(parts), boxes_(std::move(graph.boxes)), wires_(std::move(graph.wires)) {}

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
    for (const auto& box : boxes_) {
      std::size_t letters = 0;
      for (const auto& line : box.lines) letters = std::max(letters, letters_of(line.text));
      LayoutBox one;
      one.layer = box.layer;
      one.width = static_cast<double>(letters) * letter + 2 * pad + 3;
      one.height = static_cast<double>(box.lines.size()) * line_height + 9;
      one.group = box.placed_with;
      layout.boxes.push_back(one);
    }
    for (const auto& wire : wires_) {
      LayoutEdge one;
      one.from = wire.from, one.to = wire.to;
      if (labels && !wire.label.empty()) one.label_width = static_cast<double>(letters_of(wire.label)) * 6.05 + 8;
      layout.edges.push_back(one);
    }
    if (parts_ && !parts_->ahead.empty())
      for (const auto* title : group_titles)
        layout.groups.push_back({static_cast<double>(letters_of(title)) * letter + 8, 0, 0, 0, 0});
    return layout;
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
    for (std::size_t e = 0; e < wires_.size(); ++e)
      out += "<g class=\"edge\"><title>" + escaped(wires_[e].title) + "</title><path class=\"hit\" d=\"" +
             layout.edges[e].path + "\"/><path class=\"wire" + wires_[e].style + "\" d=\"" + layout.edges[e].path +
             "\"/></g>\n";
    for (std::size_t b = 0; b < boxes_.size(); ++b) out += drawn(boxes_[b], layout.boxes[b]);
    for (std::size_t e = 0; e < wires_.size(); ++e)
      if (layout.edges[e].label_placed)
        out += "<text class=\"label\" text-anchor=\"middle\" x=\"" + coordinate(layout.edges[e].label_x) + "\" y=\"" +
               coordinate(layout.edges[e].label_y + 3.5) + "\">" + escaped(wires_[e].label) + "</text>\n";
    return out;
  }

  static std::string drawn(const GraphBox& box, const LayoutBox& at) {
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
    return std::any_of(boxes_.begin(), boxes_.end(), [&](const GraphBox& b) { return b.style == style; });
  }
  bool any_group(int group) const {
    return std::any_of(boxes_.begin(), boxes_.end(), [&](const GraphBox& b) { return b.group == group; });
  }
  bool any_edge(const std::string& style) const {
    return std::any_of(wires_.begin(), wires_.end(), [&](const GraphWire& w) { return w.style == style; });
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

  const PictureParts* parts_;
  std::vector<GraphBox> boxes_;
  std::vector<GraphWire> wires_;
};

}  // namespace

std::string graph_html(const recipe::Plan& plan, const std::map<std::string, NodeFacts>& facts) {
  return Picture(graph_boxes(plan, facts, nullptr), nullptr).html();
}

std::string graph_svg(const recipe::Plan& plan, const std::map<std::string, NodeFacts>& facts,
                      const PictureParts& parts) {
  return Picture(graph_boxes(plan, facts, &parts), &parts).svg();
}

}  // namespace braid::report
