// Boxes in layers from left to right, with wires between them: where each stands. Plain geometry.
#pragma once

#include <string>
#include <vector>

namespace braid::report {

struct LayoutBox {
  int layer = 0;
  double width = 0, height = 0;
  double x = 0, y = 0;  // written: the upper left corner
  int group = -1;       // of `groups`; -1: of none. Kept together where the layout can
};
struct LayoutEdge {
  int from = 0, to = 0;  // boxes; from's layer is below to's
  std::string path;      // written: SVG path data
  double label_width = 0, label_x = 0,
         label_y = 0;         // 0: without label; written: its middle, where there is room for it
  bool label_placed = false;  // written
};
struct LayoutGroup {
  double title_width = 0;
  double x = 0, y = 0, width = 0, height = 0;  // written; all 0: its boxes could not be kept together
};
struct Layout {
  std::vector<LayoutBox> boxes;
  std::vector<LayoutEdge> edges;
  std::vector<LayoutGroup> groups;
  double width = 0, height = 0;  // written
};

// Places boxes so that no two overlap, wires cross seldom and lead around the boxes of layers that they pass. The same
// input gives the same picture. Layers are numbered from 0 without holes.
void place(Layout& layout);

// Moves the labels of placed wires to where they hide no box, no other label and no other wire, each as near as can be
// to where the layout put it, else to its wire's middle. Without such a place it is left out.
void place_labels(Layout& layout);

// The same by Graphviz' `dot`, which keeps groups together and finds room for labels: the text to give it, and what
// its `-Tjson0` says. `layout` is the same in both. False: that is no such answer, and nothing is written.
std::string dot_text(const Layout& layout);
bool place_as_dot_says(Layout& layout, const std::string& json);

}  // namespace braid::report
