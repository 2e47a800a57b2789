// Where the labels of wires are written: geometry over wires that are already drawn, so it serves every layout.
#include "report/graph_layout.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace braid::report {
namespace {

struct Point {
  double x = 0, y = 0;
};

constexpr int steps = 16;  // points of a curve or line

void add_line(std::vector<Point>& out, double to_x) {
  const auto from = out.back();
  for (int s = 1; s <= steps; ++s) out.push_back({from.x + (to_x - from.x) * s / steps, from.y});
}

// `given`: the six numbers of a cubic curve.
void add_curve(std::vector<Point>& out, const double* given) {
  const auto a = out.back();
  for (int s = 1; s <= steps; ++s) {
    const double t = static_cast<double>(s) / steps, u = 1 - t;
    const auto at = [&](double from, std::size_t j) {
      return u * u * u * from + 3 * u * u * t * given[j] + 3 * u * t * t * given[2 + j] + t * t * t * given[4 + j];
    };
    out.push_back({at(a.x, 0), at(a.y, 1)});
  }
}

// Points along path data as layouts write it: M, C (one or several curves) and H.
std::vector<Point> points_of(const std::string& path) {
  std::vector<Point> out;
  std::vector<double> given;
  char verb = 'M';
  const auto flush = [&] {
    if (verb == 'M' && given.size() >= 2) out.push_back({given[0], given[1]});
    if (verb == 'H' && !given.empty() && !out.empty()) add_line(out, given[0]);
    for (std::size_t k = 0; verb == 'C' && !out.empty() && k + 6 <= given.size(); k += 6)
      add_curve(out, given.data() + k);
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

struct Area {
  double left, top, right, bottom;

  bool meets(const Area& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
  bool holds(const Point& p) const { return p.x > left && p.x < right && p.y > top && p.y < bottom; }
};

// The area of a label around its middle, with some air.
Area around(const Point& middle, double width) {
  constexpr double high = 12, air = 3;
  return {middle.x - width / 2 - air, middle.y - high / 2 - air, middle.x + width / 2 + air, middle.y + high / 2 + air};
}

}  // namespace

void place_labels(Layout& layout) {
  std::vector<std::vector<Point>> wires;
  for (const auto& edge : layout.edges) wires.push_back(points_of(edge.path));
  std::vector<Area> taken;
  for (const auto& box : layout.boxes) taken.push_back({box.x, box.y, box.x + box.width, box.y + box.height});
  const auto is_free = [&](const Area& at, std::size_t own_wire) {
    bool free = std::none_of(taken.begin(), taken.end(), [&](const Area& other) { return at.meets(other); });
    for (std::size_t o = 0; o < wires.size() && free; ++o)
      free =
          o == own_wire || std::none_of(wires[o].begin(), wires[o].end(), [&](const Point& q) { return at.holds(q); });
    return free;
  };
  for (std::size_t e = 0; e < layout.edges.size(); ++e) {
    auto& edge = layout.edges[e];
    if (edge.label_width <= 0) continue;
    const auto middle = edge.label_placed ? Point{edge.label_x, edge.label_y} : wires[e][wires[e].size() / 2];
    auto tries = wires[e];
    std::stable_sort(tries.begin(), tries.end(), [&](const Point& a, const Point& b) {
      const auto far = [&](const Point& p) { return std::abs(p.x - middle.x) + std::abs(p.y - middle.y); };
      return far(a) < far(b);
    });
    const auto found = std::find_if(tries.begin(), tries.end(),
                                    [&](const Point& p) { return is_free(around(p, edge.label_width), e); });
    edge.label_placed = found != tries.end();
    if (!edge.label_placed) continue;
    edge.label_x = found->x, edge.label_y = found->y;
    taken.push_back(around(*found, edge.label_width));
  }
}

}  // namespace braid::report
