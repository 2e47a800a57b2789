// Boxes in layers from left to right, with wires between them: where each stands. Plain geometry.
#pragma once

#include <string>
#include <vector>

namespace braid::report {

struct LayoutBox {
  int layer = 0;
  double width = 0, height = 0;
  double x = 0, y = 0;  // written: the upper left corner
};
struct LayoutEdge {
  int from = 0, to = 0;  // boxes; from's layer is below to's
  std::string path;      // written: SVG path data
};
struct Layout {
  std::vector<LayoutBox> boxes;
  std::vector<LayoutEdge> edges;
  double width = 0, height = 0;  // written
};

// Places boxes so that no two overlap, wires cross seldom and lead around the boxes of layers that they pass. The same
// input gives the same picture. Layers are numbered from 0 without holes.
void place(Layout& layout);

}  // namespace braid::report
