// The layer of each box of a picture: the order from left to right, by what reads what.
#include "report/graph_boxes.h"

#include <algorithm>
#include <limits>
#include <set>

namespace braid::report {
namespace {

class Layers {
 public:
  Layers(const recipe::Plan& plan, GraphBoxes& graph) : plan_(plan), boxes_(graph.boxes), wires_(graph.wires) {}

  // Fields stand at the left; a node one layer behind the last that it reads; losses and metrics in the last layer;
  // labels and keys beside what reads them.
  void set() {
    int last = 1;
    for (const auto node : plan_.nodes.ids()) {  // the plan's order: sources come first
      auto& layer = boxes_[node.index()].layer;
      layer = 1 + deepest_source(static_cast<int>(node.index()));
      last = std::max(last, layer + (plan_.nodes[node].trains ? 0 : 1));
    }
    for (const auto node : plan_.nodes.ids())
      if (plan_.nodes[node].trains && !is_read(static_cast<int>(node.index()))) boxes_[node.index()].layer = last;
    draw_near();
    for (std::size_t b = 0; b < boxes_.size(); ++b)
      if (boxes_[b].shows == GraphBox::Shows::metrics)
        boxes_[b].layer = std::max(last, 1 + deepest_source(static_cast<int>(b)));
    for (std::size_t b = 0; b < boxes_.size(); ++b)
      if (boxes_[b].shows == GraphBox::Shows::other_data)
        boxes_[b].layer = first_reader(static_cast<int>(b), last + 1) - 1;
    close_holes();
  }

 private:
  int deepest_source(int box) const {
    int deepest = 0;
    for (const auto& wire : wires_)
      if (wire.to == box) deepest = std::max(deepest, boxes_[static_cast<std::size_t>(wire.from)].layer);
    return deepest;
  }
  bool is_read(int box) const {
    return std::any_of(wires_.begin(), wires_.end(), [&](const GraphWire& w) { return w.from == box; });
  }
  int first_reader(int box, int first) const {
    for (const auto& wire : wires_)
      if (wire.from == box) first = std::min(first, boxes_[static_cast<std::size_t>(wire.to)].layer);
    return first;
  }

  // A node that reads one box stands right before its first reader: what it reads passes in one lane that others share.
  void draw_near() {
    for (int n = static_cast<int>(plan_.nodes.size()) - 1; n >= 0; --n) {
      std::set<int> sources;
      int first = std::numeric_limits<int>::max();
      for (const auto& wire : wires_) {
        if (wire.to == n) sources.insert(wire.from);
        if (wire.from == n && wire.to < static_cast<int>(plan_.nodes.size()))
          first = std::min(first, boxes_[static_cast<std::size_t>(wire.to)].layer);
      }
      auto& layer = boxes_[static_cast<std::size_t>(n)].layer;
      if (sources.size() <= 1 && first != std::numeric_limits<int>::max()) layer = std::max(layer, first - 1);
    }
  }

  void close_holes() {
    std::set<int> used;
    for (const auto& box : boxes_) used.insert(box.layer);
    for (auto& box : boxes_) box.layer = static_cast<int>(std::distance(used.begin(), used.find(box.layer)));
  }

  const recipe::Plan& plan_;
  std::vector<GraphBox>& boxes_;
  const std::vector<GraphWire>& wires_;
};

}  // namespace

void set_layers(const recipe::Plan& plan, GraphBoxes& graph) { Layers(plan, graph).set(); }

}  // namespace braid::report
