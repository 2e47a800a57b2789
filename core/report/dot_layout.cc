// Layout by Graphviz: its input and what comes back.
#include "report/html.h"
#include "report/graph_layout.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <sstream>

namespace braid::report {
namespace {

using Json = nlohmann::json;

constexpr double per_inch = 72, margin = 12, group_title = 15;  // one pixel is one of dot's points

// An empty box of this size, so that dot leaves room and draws nothing.
std::string room(double width, double height) {
  return "<<TABLE BORDER=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"" + std::to_string(static_cast<int>(width)) + "\" HEIGHT=\"" +
         std::to_string(static_cast<int>(height)) + "\"><TR><TD></TD></TR></TABLE>>";
}

std::string box_text(const Layout& layout, std::size_t b) {
  const auto& box = layout.boxes[b];
  return "b" + std::to_string(b) + " [width=" + std::to_string(box.width / per_inch) +
         ", height=" + std::to_string(box.height / per_inch) + "];\n";
}

std::vector<double> numbers(const std::string& text) {
  std::vector<double> out;
  const char* at = text.c_str();
  while (*at) {
    char* end = nullptr;
    const double x = std::strtod(at, &end);
    if (end == at) ++at;  // ',' and ' '
    else out.push_back(x), at = end;
  }
  return out;
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// "b12" to 12 when the letter is right and there are so many.
std::size_t number_of(const std::string& name, const std::string& before, std::size_t count) {
  if (!name.starts_with(before) || name.size() == before.size()) return count;
  const auto digits = name.substr(before.size());
  if (digits.size() > 8 || digits.find_first_not_of("0123456789") != std::string::npos) return count;
  return std::min(count, static_cast<std::size_t>(std::stoul(digits)));
}

struct Reader {
  Layout& layout;
  double high = 0;
  std::size_t boxes = 0, edges = 0;

  double down(double y) const { return margin + high - y; }

  void object(const Json& one) {
    const auto name = text_at(one, "name");
    if (const auto g = number_of(name, "cluster_", layout.groups.size()); g < layout.groups.size()) {
      const auto bb = numbers(text_at(one, "bb"));
      if (bb.size() == 4) {
        auto& group = layout.groups[g];
        group.x = margin + bb[0], group.y = down(bb[3]);
        group.width = bb[2] - bb[0], group.height = bb[3] - bb[1];
      }
    }
    const auto b = number_of(name, "b", layout.boxes.size());
    const auto pos = numbers(text_at(one, "pos"));
    if (b == layout.boxes.size() || pos.size() != 2) return;
    auto& box = layout.boxes[b];
    box.x = margin + pos[0] - box.width / 2;
    box.y = down(pos[1]) - box.height / 2;
    ++boxes;
  }

  void edge(const Json& one) {
    const auto e = number_of(text_at(one, "id"), "e", layout.edges.size());
    const auto pos = numbers(text_at(one, "pos"));
    if (e == layout.edges.size() || pos.size() < 8 || (pos.size() - 2) % 6 != 0) return;
    std::string path;
    for (std::size_t k = 0; k < pos.size(); k += 2)
      path += (k == 0       ? "M"
               : k % 6 == 2 ? "C"
                            : " ") +
              coordinate(margin + pos[k]) + " " + coordinate(down(pos[k + 1]));
    layout.edges[e].path = path;
    if (const auto lp = numbers(text_at(one, "lp")); lp.size() == 2 && layout.edges[e].label_width > 0) {
      layout.edges[e].label_x = margin + lp[0];
      layout.edges[e].label_y = down(lp[1]);
      layout.edges[e].label_placed = true;
    }
    ++edges;
  }
};

}  // namespace

std::string dot_text(const Layout& layout) {
  std::string out =
      "digraph braid {\ngraph [rankdir=LR, ranksep=0.75, nodesep=0.2, newrank=true];\n"
      "node [shape=box, fixedsize=true, label=\"\"];\nedge [arrowhead=none, tailport=e, headport=w];\n";
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    out += "subgraph cluster_" + std::to_string(g) +
           " {\nmargin=12; labeljust=l; label=" + room(layout.groups[g].title_width, group_title) + ";\n";
    for (std::size_t b = 0; b < layout.boxes.size(); ++b)
      if (layout.boxes[b].group == static_cast<int>(g)) out += box_text(layout, b);
    out += "}\n";
  }
  for (std::size_t b = 0; b < layout.boxes.size(); ++b)
    if (layout.boxes[b].group < 0) out += box_text(layout, b);
  for (std::size_t e = 0; e < layout.edges.size(); ++e) {
    const auto& edge = layout.edges[e];
    out += "b" + std::to_string(edge.from) + " -> b" + std::to_string(edge.to) + " [id=e" + std::to_string(e);
    if (edge.label_width > 0) out += ", label=" + room(edge.label_width, 13);
    out += "];\n";
  }
  return out + "}\n";
}

bool place_as_dot_says(Layout& layout, const std::string& json) {
  const auto answer = Json::parse(json, nullptr, false);
  if (!answer.is_object()) return false;
  const auto bb = numbers(text_at(answer, "bb"));
  if (bb.size() != 4) return false;
  auto placed = layout;
  Reader reader{placed, bb[3]};
  for (const auto* key : {"objects", "edges"}) {
    const auto list = answer.find(key);
    if (list == answer.end() || !list->is_array()) continue;
    for (const auto& one : *list)
      if (one.is_object()) *key == 'o' ? reader.object(one) : reader.edge(one);
  }
  if (reader.boxes != layout.boxes.size() || reader.edges != layout.edges.size()) return false;
  placed.width = bb[2] + 2 * margin;
  placed.height = bb[3] + 2 * margin;
  layout = std::move(placed);
  return true;
}

}  // namespace braid::report
