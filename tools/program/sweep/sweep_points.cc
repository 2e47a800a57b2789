#include "sweep_points.h"

#include "recipe/document/words.h"

#include <braid/diagnostic.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <set>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::tools {
namespace {

constexpr std::size_t most_points = 10'000;

template <class Number>
std::optional<Number> read(const std::string& text) {
  Number out{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// Parts between commas that stand outside of brackets, braces and quotes.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> out{""};
  int depth = 0;
  char quote = 0;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const char c = text[k];
    if (quote) {
      if (c == '\\' && quote == '"' && k + 1 < text.size()) out.back() += text[k++];
      else if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      out.emplace_back();
      continue;
    }
    out.back() += text[k];
  }
  for (auto& part : out) {
    const auto from = part.find_first_not_of(' ');
    part = from == std::string::npos ? "" : part.substr(from, part.find_last_not_of(' ') - from + 1);
  }
  return out;
}

// A range where the text is one: "1e-4..1e-2:log".
bool read_range(const std::string& over, const std::string& text, SweepAxis& axis) {
  const auto dots = text.find("..");
  if (dots == std::string::npos || !read<double>(text.substr(0, dots))) return false;  // a path may have dots, too
  auto high = text.substr(dots + 2);
  const auto colon = high.find(':');
  if (colon != std::string::npos) {
    if (high.substr(colon) != ":log") refuse_sweep("--over " + over + ": a range ends in :log or in its number");
    axis.log = true;
    high.resize(colon);
  }
  const auto low_whole = read<std::int64_t>(text.substr(0, dots)), high_whole = read<std::int64_t>(high);
  const auto low = read<double>(text.substr(0, dots)), top = read<double>(high);
  if (!top)
    refuse_sweep("--over " + over + ": a range is LOW..HIGH, of two numbers", "a text like this stands in quotes");
  axis.low = *low;
  axis.high = *top;
  axis.whole = low_whole && high_whole;
  if (!(axis.low < axis.high) || !std::isfinite(axis.low) || !std::isfinite(axis.high))
    refuse_sweep("--over " + over + ": LOW is less than HIGH in a range");
  if (axis.log && axis.low <= 0) refuse_sweep("--over " + over + ": a range with :log starts above 0");
  return true;
}

// [0, 1), of 53 bits.
double uniform(std::uint64_t seed, const std::string& what) {
  return static_cast<double>(XXH3_64bits_withSeed(what.data(), what.size(), seed) >> 11) * 0x1p-53;
}

std::string drawn(const SweepAxis& axis, double u) {
  if (!axis.values.empty()) return axis.values[static_cast<std::size_t>(u * static_cast<double>(axis.values.size()))];
  // Of whole numbers each end has as much room as the others.
  const double low = axis.whole ? axis.low - (axis.log ? 0.5 : 0) : axis.low;
  const double high = axis.whole ? axis.high + (axis.log ? 0.5 : 1) : axis.high;
  const double value =
      axis.log ? std::exp(std::log(low) + u * (std::log(high) - std::log(low))) : low + u * (high - low);
  if (axis.whole)
    return std::to_string(
        static_cast<std::int64_t>(std::clamp(axis.log ? std::round(value) : std::floor(value), axis.low, axis.high)));
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);  // what is drawn is what is said: nobody types seventeen digits
  const auto shown = std::clamp(std::strtod(text, nullptr), axis.low, axis.high);
  auto out = recipe::number_text(shown);
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

// How many points there are; infinite with a range of numbers.
double size_of(const std::vector<SweepAxis>& axes) {
  double out = 1;
  for (const auto& axis : axes)
    out *= !axis.values.empty() ? static_cast<double>(axis.values.size())
           : axis.whole         ? axis.high - axis.low + 1
                                : HUGE_VAL;
  return out;
}

}  // namespace

void refuse_sweep(const std::string& what, const std::string& note) {
  throw Failure("command-line", "braid sweep", what, {note});
}

SweepAxis sweep_axis(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    refuse_sweep("--over is '" + text + "'; it is KEY=VALUE,VALUE,... or KEY=LOW..HIGH",
                 "such as --over train.batch=256,512 or --over train.optimizer.0.rate=1e-4..1e-2:log");
  SweepAxis axis{text.substr(0, equals), {}};
  if (axis.key == "train.seed") refuse_sweep("--over " + text + ": seeds are no points", "say --seeds 1,2,3");
  const auto values = text.substr(equals + 1);
  if (read_range(text, values, axis)) return axis;
  axis.values = parts_of(values);
  std::set<std::string> seen;
  for (const auto& value : axis.values) {
    if (value.empty())
      refuse_sweep("--over " + text + ": a value is empty", "an empty text is \"\", in the shell '\"\"'");
    if (!seen.insert(value).second) refuse_sweep("--over " + text + ": the value " + value + " stands there twice");
  }
  return axis;
}

std::vector<SweepPoint> sweep_grid(const std::vector<SweepAxis>& axes) {
  for (const auto& axis : axes)
    if (axis.values.empty())
      refuse_sweep("--over " + axis.key + " is a range, and a grid needs values",
                   "say --random N to draw N points, or list the values");
  if (size_of(axes) > static_cast<double>(most_points))
    refuse_sweep("the grid has more than " + std::to_string(most_points) + " points", "--random N draws some of them");
  std::vector<SweepPoint> out{{}};
  for (const auto& axis : axes) {
    std::vector<SweepPoint> next;
    for (const auto& point : out)
      for (const auto& value : axis.values) {
        next.push_back(point);
        next.back().push_back(value);
      }
    out = std::move(next);
  }
  return out;
}

std::vector<SweepPoint> sweep_draws(const std::vector<SweepAxis>& axes, std::size_t count, std::uint64_t seed) {
  if (count > most_points) refuse_sweep("--random is at most " + std::to_string(most_points));
  if (static_cast<double>(count) > size_of(axes))
    refuse_sweep(
        "--random " + std::to_string(count) + ": there are " + recipe::number_text(size_of(axes)) + " points in all",
        "without --random all of them are run");
  std::vector<SweepPoint> out;
  std::set<SweepPoint> seen;
  // The rarest point of the smallest set comes up long before these are used up.
  for (std::size_t attempt = 0; out.size() < count; ++attempt) {
    if (attempt > most_points * 100)
      refuse_sweep("--random " + std::to_string(count) + ": no further point is found: the ranges round to fewer");
    SweepPoint point;
    for (const auto& axis : axes) point.push_back(drawn(axis, uniform(seed, std::to_string(attempt) + " " + axis.key)));
    if (seen.insert(point).second) out.push_back(std::move(point));
  }
  return out;
}

std::string settings_text(const std::vector<SweepAxis>& axes, const SweepPoint& point) {
  std::string out;
  for (std::size_t k = 0; k < axes.size(); ++k) out += (k ? " " : "") + axes[k].key + "=" + point[k];
  return out;
}

}  // namespace braid::tools
