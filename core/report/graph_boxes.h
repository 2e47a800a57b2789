// What a picture of a plan's graph shows: boxes, the wires between them, and the layer of each box. No geometry.
#pragma once

#include "report/graph_picture.h"

#include <map>
#include <string>
#include <vector>

namespace braid::report {

struct GraphBox {
  struct Line {
    std::string text, style;
  };
  enum class Shows { node, metrics, fields, other_data };

  Shows shows = Shows::node;
  std::string style;        // "k-tower"
  std::vector<Line> lines;  // the first one is the name
  std::string title;        // told when a pointer rests on it
  bool dead = false;
  int group = -1;        // in serving: 0 ahead, 1 on request
  int placed_with = -1;  // the group that it is placed with: data that one part of the serving side alone reads, too
  int layer = 0;         // from 0, without holes
};

// A wire of the plan between boxes.
struct GraphWire {
  int from = 0, to = 0;
  std::string title, style;
  std::string label;  // "[ratings.item]"; empty: it stays on its axis
};

struct GraphBoxes {
  std::vector<GraphBox> boxes;  // nodes in the plan's order, then metrics, then data
  std::vector<GraphWire> wires;
};

// `parts`: of a file of its own; null: a part of a page.
GraphBoxes graph_boxes(const recipe::Plan& plan, const std::map<std::string, NodeFacts>& facts,
                       const PictureParts* parts);

// Sets the layer of each box, which is what graph_boxes() does last.
void set_layers(const recipe::Plan& plan, GraphBoxes& graph);

}  // namespace braid::report
