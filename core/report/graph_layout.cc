#include "report/graph_layout.h"

#include "report/html.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace braid::report {
namespace {

constexpr double gap_x = 64, gap_y = 14, gap_lanes = 2, lane = 8, margin = 12;
constexpr int sweeps = 24;

// A box, or the place where a wire passes a layer. Wires from one box share their places.
struct Vertex {
  int box = -1, layer = 0;
  double height = 0, middle = 0;
  std::vector<int> before, after;  // neighbours in the layers at the left and at the right
};

class Placing {
 public:
  explicit Placing(Layout& layout) : layout_(layout) {
    for (std::size_t b = 0; b < layout.boxes.size(); ++b) {
      vertices_.push_back({static_cast<int>(b), layout.boxes[b].layer, layout.boxes[b].height, 0, {}, {}});
      layers_.resize(std::max<std::size_t>(layers_.size(), static_cast<std::size_t>(layout.boxes[b].layer) + 1));
    }
    for (const auto& edge : layout.edges) routes_.push_back(route(edge));
    for (std::size_t v = 0; v < vertices_.size(); ++v) layer(vertices_[v].layer).push_back(static_cast<int>(v));
  }

  void run() {
    order();
    settle_heights();
    settle_columns();
    draw_edges();
  }

 private:
  Vertex& at(int v) { return vertices_[static_cast<std::size_t>(v)]; }
  std::vector<int>& layer(int l) { return layers_[static_cast<std::size_t>(l)]; }

  void join(int from, int to) {
    auto& after = at(from).after;
    if (std::find(after.begin(), after.end(), to) != after.end()) return;
    after.push_back(to);
    at(to).before.push_back(from);
  }

  // The vertices on a wire's way, ends included.
  std::vector<int> route(const LayoutEdge& edge) {
    std::vector<int> way{edge.from};
    for (int l = at(edge.from).layer + 1; l < at(edge.to).layer; ++l) {
      auto [found, fresh] = passing_.try_emplace({edge.from, l}, static_cast<int>(vertices_.size()));
      if (fresh) vertices_.push_back({-1, l, lane, 0, {}, {}});
      join(way.back(), found->second);
      way.push_back(found->second);
    }
    join(way.back(), edge.to);
    way.push_back(edge.to);
    return way;
  }

  // Crossings between neighbouring layers.
  long crossings() {
    std::vector<int> rank(vertices_.size());
    for (const auto& one : layers_)
      for (std::size_t k = 0; k < one.size(); ++k) rank[static_cast<std::size_t>(one[k])] = static_cast<int>(k);
    long out = 0;
    for (const auto& one : layers_) {
      std::vector<std::pair<int, int>> wires;
      for (const int v : one)
        for (const int w : at(v).after)
          wires.emplace_back(rank[static_cast<std::size_t>(v)], rank[static_cast<std::size_t>(w)]);
      for (std::size_t a = 0; a < wires.size(); ++a)
        for (std::size_t b = 0; b < a; ++b)
          out += (wires[a].first - wires[b].first) * (wires[a].second - wires[b].second) < 0;
    }
    return out;
  }

  // Each layer sorted by where its neighbours stand, from the left and from the right in turn; the best is kept.
  void order() {
    auto best = layers_;
    auto fewest = crossings();
    std::vector<double> rank(vertices_.size());
    const auto renumber = [&](const std::vector<int>& one) {
      for (std::size_t k = 0; k < one.size(); ++k)
        rank[static_cast<std::size_t>(one[k])] = static_cast<double>(k) / static_cast<double>(one.size());
    };
    for (const auto& one : layers_) renumber(one);
    for (int sweep = 0; sweep < sweeps && fewest > 0; ++sweep) {
      const bool rightwards = sweep % 2 == 0;
      for (std::size_t k = 0; k < layers_.size(); ++k) {
        auto& one = layers_[rightwards ? k : layers_.size() - 1 - k];
        std::vector<std::pair<double, int>> keyed;
        for (const int v : one) {
          const auto& near = rightwards ? at(v).before : at(v).after;
          double sum = 0;
          for (const int w : near) sum += rank[static_cast<std::size_t>(w)];
          keyed.emplace_back(near.empty() ? rank[static_cast<std::size_t>(v)] : sum / static_cast<double>(near.size()),
                             v);
        }
        std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (std::size_t p = 0; p < one.size(); ++p) one[p] = keyed[p].second;
        renumber(one);
      }
      if (const auto now = crossings(); now < fewest) fewest = now, best = layers_;
    }
    layers_ = best;
  }

  // Moves a layer's vertices as near to what they wish as their order and sizes allow: least squares, by pooling
  // neighbours that would overlap.
  void settle(const std::vector<int>& one, const std::vector<double>& wish) {
    struct Pool {
      double sum, count;
    };
    std::vector<double> offset(one.size(), 0);
    std::vector<Pool> pools;
    std::vector<std::size_t> sizes;
    for (std::size_t k = 0; k < one.size(); ++k) {
      if (k > 0)
        offset[k] = offset[k - 1] + (at(one[k - 1]).height + at(one[k]).height) / 2 +
                    (at(one[k - 1]).box < 0 && at(one[k]).box < 0 ? gap_lanes : gap_y);
      pools.push_back({wish[k] - offset[k], 1});
      sizes.push_back(1);
      while (pools.size() > 1 &&
             pools[pools.size() - 2].sum / pools[pools.size() - 2].count > pools.back().sum / pools.back().count) {
        pools[pools.size() - 2].sum += pools.back().sum;
        pools[pools.size() - 2].count += pools.back().count;
        sizes[sizes.size() - 2] += sizes.back();
        pools.pop_back(), sizes.pop_back();
      }
    }
    std::size_t k = 0;
    for (std::size_t p = 0; p < pools.size(); ++p)
      for (std::size_t n = 0; n < sizes[p]; ++n, ++k) at(one[k]).middle = pools[p].sum / pools[p].count + offset[k];
  }

  void settle_heights() {
    for (const auto& one : layers_) settle(one, std::vector<double>(one.size(), 0));
    for (int sweep = 0; sweep < sweeps; ++sweep)
      for (std::size_t k = 0; k < layers_.size(); ++k) {
        const auto& one = layers_[sweep % 2 == 0 ? k : layers_.size() - 1 - k];
        std::vector<double> wish;
        for (const int v : one) {
          double sum = 0, count = 0;
          for (const auto* near : {&at(v).before, &at(v).after})
            for (const int w : *near) sum += at(w).middle, ++count;
          wish.push_back(count > 0 ? sum / count : at(v).middle);
        }
        settle(one, wish);
      }
    double least = 0;
    for (const auto& v : vertices_) least = std::min(least, v.middle - v.height / 2);
    for (auto& v : vertices_) {
      v.middle += margin - least;
      layout_.height = std::max(layout_.height, v.middle + v.height / 2 + margin);
    }
  }

  void settle_columns() {
    double x = margin;
    for (const auto& one : layers_) {
      double width = 0;
      for (const int v : one)
        if (at(v).box >= 0) width = std::max(width, layout_.boxes[static_cast<std::size_t>(at(v).box)].width);
      columns_.emplace_back(x, width);
      for (const int v : one) {
        if (at(v).box < 0) continue;
        auto& box = layout_.boxes[static_cast<std::size_t>(at(v).box)];
        box.x = x;
        box.width = width;  // a column's boxes are as wide as the widest: wires begin and end on one line
        box.y = at(v).middle - box.height / 2;
      }
      x += width + gap_x;
    }
    layout_.width = x - gap_x + margin;
  }

  // Wires end on a box's side one below the other, in the order of where they come from.
  void draw_edges() {
    std::map<int, std::vector<std::pair<double, std::size_t>>> arriving;
    for (std::size_t e = 0; e < routes_.size(); ++e)
      arriving[routes_[e].back()].emplace_back(at(routes_[e][routes_[e].size() - 2]).middle, e);
    std::vector<double> ends(routes_.size());
    for (auto& [v, wires] : arriving) {
      std::stable_sort(wires.begin(), wires.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      const double step = std::min(9.0, (at(v).height - 10) / static_cast<double>(wires.size()));
      for (std::size_t k = 0; k < wires.size(); ++k)
        ends[wires[k].second] =
            at(v).middle + (static_cast<double>(k) - static_cast<double>(wires.size() - 1) / 2) * step;
    }
    for (std::size_t e = 0; e < routes_.size(); ++e) {
      const auto& way = routes_[e];
      const auto [start, width] = columns_[static_cast<std::size_t>(at(way[0]).layer)];
      double x = start + width, y = at(way[0]).middle;
      std::string path = "M" + coordinate(x) + " " + coordinate(y);
      for (std::size_t k = 1; k < way.size(); ++k) {
        const auto [column, wide] = columns_[static_cast<std::size_t>(at(way[k]).layer)];
        const double to_y = k + 1 == way.size() ? ends[e] : at(way[k]).middle, bend = (column - x) / 2;
        path += "C" + coordinate(x + bend) + " " + coordinate(y) + " " + coordinate(column - bend) + " " +
                coordinate(to_y) + " " + coordinate(column) + " " + coordinate(to_y);
        x = column, y = to_y;
        if (k + 1 < way.size()) x += wide, path += "H" + coordinate(x);
      }
      layout_.edges[e].path = std::move(path);
    }
  }

  Layout& layout_;
  std::vector<Vertex> vertices_;
  std::vector<std::vector<int>> layers_;
  std::vector<std::vector<int>> routes_;
  std::map<std::pair<int, int>, int> passing_;
  std::vector<std::pair<double, double>> columns_;  // left side and width
};

}  // namespace

void place(Layout& layout) {
  if (layout.boxes.empty()) return;
  Placing(layout).run();
}

}  // namespace braid::report
