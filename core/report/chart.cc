#include "report/chart.h"

#include "report/html.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace braid::report {
namespace {

constexpr double width = 340, height = 190, left = 46, right = 12, top = 10, bottom = 34;
constexpr std::size_t most_points = 320;  // a curve's, drawn; more than the screen has columns is only weight

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double x) { low = std::min(low, x), high = std::max(high, x); }
  void widen() {
    if (low == high) low -= std::max(std::fabs(low) * 0.05, 1e-9), high += std::max(std::fabs(high) * 0.05, 1e-9);
  }
};

// The value below which that share of the values lies.
double quantile(std::vector<double> values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

// Fewer points: of each run of points the least and the greatest, in their order, so that no peak is lost.
Series thinned(const Series& s, std::size_t most) {
  if (s.x.size() <= most) return s;
  Series out;
  const std::size_t runs = most / 2;
  for (std::size_t k = 0; k < runs; ++k) {
    const auto from = k * s.x.size() / runs, to = (k + 1) * s.x.size() / runs;
    auto [least, greatest] = std::minmax_element(s.y.begin() + static_cast<std::ptrdiff_t>(from),
                                                 s.y.begin() + static_cast<std::ptrdiff_t>(to));
    auto a = static_cast<std::size_t>(least - s.y.begin()), b = static_cast<std::size_t>(greatest - s.y.begin());
    if (a > b) std::swap(a, b);
    out.add(s.x[a], s.y[a]);
    if (b != a) out.add(s.x[b], s.y[b]);
  }
  return out;
}

// Every so manieth point, the last one too: for curves that are smooth already.
Series picked(const Series& s, std::size_t most) {
  if (s.x.size() <= most) return s;
  Series out;
  for (std::size_t k = 0; k < most; ++k) {
    const auto at = k * (s.x.size() - 1) / (most - 1);
    out.add(s.x[at], s.y[at]);
  }
  return out;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    for (const auto& [name, s] : chart.curves) {
      for (const double x : s.x) across_.add(x);
      const auto window = chart.smooth ? s.y.size() / 40 : 0;
      smooth_.push_back(window >= 2 ? Series{s.x, smoothed(s.y, window)} : s);
      for (const double y : smooth_.back().y) up_.add(y);
      if (window >= 2) up_.add(quantile(s.y, 0.01)), up_.add(quantile(s.y, 0.99));
    }
    across_.widen();
    up_.widen();
    const double air = (up_.high - up_.low) * 0.06;
    up_.low -= up_.low >= 0 && up_.low < air ? up_.low : air;
    up_.high += air;
  }

  std::string svg() const {
    std::string out = "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + coordinate(width) +
                      " " + coordinate(height) + "\" role=\"img\"><title>" + escaped(chart_.title) + "</title>\n";
    axes(out);
    const bool one = chart_.curves.size() == 1;
    for (std::size_t k = 0; k < chart_.curves.size(); ++k) {
      const auto& raw = chart_.curves[k].second;
      const auto colour = one ? std::string() : " s" + std::to_string(k % 6);
      if (one && chart_.smooth && raw.y.size() / 40 >= 2) out += line(thinned(raw, most_points * 2), "raw");
      out += line(picked(smooth_[k], most_points), "curve" + colour);
      if ((one && !chart_.smooth && raw.x.size() <= 40) || raw.x.size() == 1)
        for (std::size_t p = 0; p < raw.x.size(); ++p)
          out += "<circle class=\"dot\" cx=\"" + coordinate(x(raw.x[p])) + "\" cy=\"" + coordinate(y(raw.y[p])) +
                 "\" r=\"2.2\"><title>step " + short_number(raw.x[p]) + ": " + figure(raw.y[p]) + "</title></circle>\n";
    }
    best(out);
    return out + "</svg>\n";
  }

 private:
  double x(double step) const {
    return left + (step - across_.low) / (across_.high - across_.low) * (width - left - right);
  }
  double y(double value) const {
    const double at = (value - up_.low) / (up_.high - up_.low);
    return height - bottom - std::clamp(at, 0.0, 1.0) * (height - top - bottom);
  }
  static std::string segment(const char* style, double x1, double y1, double x2, double y2) {
    return std::string("<path class=\"") + style + "\" d=\"M" + coordinate(x1) + " " + coordinate(y1) + "L" +
           coordinate(x2) + " " + coordinate(y2) + "\"/>\n";
  }
  static std::string text(double at_x, double at_y, const char* anchor, const std::string& what,
                          const char* style = "") {
    return "<text x=\"" + coordinate(at_x) + "\" y=\"" + coordinate(at_y) + "\" text-anchor=\"" + anchor + "\"" +
           (*style ? std::string(" class=\"") + style + "\"" : "") + ">" + escaped(what) + "</text>\n";
  }

  void axes(std::string& out) const {
    const double floor = height - bottom;
    for (const double tick : ticks(up_.low, up_.high, 4)) {
      out += segment("grid", left, y(tick), width - right, y(tick));
      out += text(left - 6, y(tick) + 3.6, "end", short_number(tick));
    }
    out += segment("axis", left, floor, width - right, floor);
    for (const double tick : ticks(across_.low, across_.high, 5)) {
      if (tick != std::floor(tick)) continue;  // there is no half step
      out += segment("axis", x(tick), floor, x(tick), floor + 4);
      out += text(x(tick), floor + 15, "middle", short_number(tick));
    }
    if (chart_.epochs.size() <= 40)
      for (const auto step : chart_.epochs)
        if (const auto at = static_cast<double>(step); at >= across_.low && at <= across_.high)
          out += segment("axis", x(at), floor, x(at), floor - 5);
    out += text(width - right, height - 5, "end", "step");
    if (!chart_.unit.empty()) out += text(left, height - 5, "start", chart_.unit);
  }

  static std::string line(const Series& s, const std::string& style, const Drawing& at) {
    std::string path;
    for (std::size_t k = 0; k < s.x.size(); ++k)
      path += (k ? "L" : "M") + coordinate(at.x(s.x[k])) + " " + coordinate(at.y(s.y[k]));
    return "<path class=\"" + style + "\" d=\"" + path + "\"/>\n";
  }
  std::string line(const Series& s, const std::string& style) const {
    return s.x.size() < 2 ? "" : line(s, style, *this);
  }

  void best(std::string& out) const {
    if (chart_.best_step < 0 || chart_.curves.size() != 1) return;
    const auto& s = chart_.curves[0].second;
    const auto found = std::find(s.x.begin(), s.x.end(), static_cast<double>(chart_.best_step));
    if (found == s.x.end()) return;
    const auto value = s.y[static_cast<std::size_t>(found - s.x.begin())];
    const double at = x(*found), level = y(value);
    out += "<circle class=\"best\" cx=\"" + coordinate(at) + "\" cy=\"" + coordinate(level) +
           "\" r=\"4.5\"><title>step " + std::to_string(chart_.best_step) + ": " + figure(value) +
           "</title></circle>\n";
    const bool to_left = at > width * 0.6, below = level < top + 18;
    out +=
        text(at + (to_left ? -7 : 7), level + (below ? 15 : -7), to_left ? "end" : "start", figure(value), "besttext");
  }

  const Chart& chart_;
  std::vector<Series> smooth_;
  Range across_, up_;
};

}  // namespace

std::vector<double> ticks(double low, double high, int about) {
  if (!(high > low)) return {low};
  const double rough = (high - low) / about, power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0})
    if (rough <= factor * power * 1.0001) {
      step = factor * power;
      break;
    }
  std::vector<double> out;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k) out.push_back(k * step);
  return out;
}

std::vector<double> smoothed(const std::vector<double>& values, std::size_t window) {
  const auto n = values.size(), half = window / 2;
  std::vector<double> sums(n + 1, 0), out(n);
  for (std::size_t k = 0; k < n; ++k) sums[k + 1] = sums[k] + values[k];
  for (std::size_t k = 0; k < n; ++k) {
    // As many on both sides at the start, where curves are steep; at the end what is there, which is many values.
    const auto before = std::min(half, k), after = std::min(before, n - 1 - k);
    out[k] = (sums[k + after + 1] - sums[k - before]) / static_cast<double>(before + after + 1);
  }
  return out;
}

std::string chart_html(const Chart& chart) {
  const auto empty = [](const auto& curve) { return curve.second.x.empty(); };
  if (std::all_of(chart.curves.begin(), chart.curves.end(), empty)) return "";
  std::string out = "<figure><figcaption><b>" + escaped(chart.title) + "</b>";
  if (!chart.comment.empty()) out += " <span>" + escaped(chart.comment) + "</span>";
  if (chart.curves.size() > 1)
    for (std::size_t k = 0; k < chart.curves.size(); ++k)
      out += " <span><i class=\"key c" + std::to_string(k % 6) + "\"></i>" + escaped(chart.curves[k].first) + "</span>";
  return out + "</figcaption>\n" + Drawing(chart).svg() + "</figure>\n";
}

}  // namespace braid::report
