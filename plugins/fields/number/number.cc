// Numbers in cells: scaled floats, or the quantile bucket that they fall into.
#include "kernels/text/number.h"

#include <braid/plugin.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace {

// A cell's number. Throws Error for what is none.
double number_in(std::string_view text) {
  using braid::kernels::NumberText;
  const auto number = braid::kernels::read_number(text);
  if (number.kind == NumberText::out_of_range)
    throw braid::Error("'" + std::string(text) + "' is out of the range of numbers");
  if (number.kind == NumberText::none) throw braid::Error("'" + std::string(text) + "' is no number");
  return number.real;
}

double log1p_of(double value) {
  if (value <= -1) {
    std::ostringstream out;
    out << value << " has no log(1 + x); values above -1 have one";
    throw braid::Error(out.str());
  }
  return std::log1p(value);
}

// Doubles as text that reads back to the same bits.
void write(std::string& out, double value) {
  char text[32];
  const auto [end, code] = std::to_chars(text, text + sizeof text, value);
  static_cast<void>(code);
  out.append(text, end).push_back('\n');
}

std::vector<double> read_numbers(std::string_view saved) {
  std::vector<double> out;
  while (!saved.empty()) {
    const auto end = std::min(saved.find('\n'), saved.size());
    out.push_back(number_in(saved.substr(0, end)));
    saved.remove_prefix(std::min(end + 1, saved.size()));
  }
  return out;
}

struct Number final : braid::Field {
  static constexpr braid::About about{
      .summary =
          "Numbers of one or several columns, scaled by what the training rows show. A row is absent when one of "
          "its columns is missing."};
  static constexpr bool fits = true;
  static constexpr std::string_view examples[] = {"3.5", "-0.5", "1e6", "7", "0"};

  braid::Param<std::string> scale{
      *this,
      "scale",
      "standard",
      "standard: (x - mean) / deviation; range: (x - least) / (greatest - least); none: x. Over training rows.",
      {.choices = {"standard", "range", "none"}}};
  braid::Param<bool> log{*this, "log", false, "Takes log(1 + x) first."};
  braid::Out value{*this, "value", "float?[rows, values]", "one value per column of `from`"};

  // Mean and deviation per column, each row weighted by the training rows that reach it. Cells that are no numbers are
  // passed over here: decoding names them.
  void fit(const braid::FitRows& rows) override {
    columns_.clear();
    std::vector<double> weight, least, greatest;
    rows.each([&](const braid::Cell& cell, std::int64_t count) {
      const auto n = cell.texts.size();
      if (columns_.size() < n)
        columns_.resize(n), weight.resize(n), least.resize(n, INFINITY), greatest.resize(n, -INFINITY);
      for (std::size_t k = 0; k < n; ++k) {
        double x;
        if (count <= 0 || !cell.texts[k].data() || !readable(cell.texts[k], x)) continue;
        // Welford's running moments: exact enough for large offsets such as times.
        const auto w = static_cast<double>(count), before = x - columns_[k].center;
        weight[k] += w;
        columns_[k].center += before * w / weight[k];
        columns_[k].width += w * before * (x - columns_[k].center);
        least[k] = std::min(least[k], x), greatest[k] = std::max(greatest[k], x);
      }
    });
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      auto& column = columns_[k];
      if (scale() == "none" || weight[k] == 0) column = {0, 1};
      else if (scale() == "range") column = {least[k], greatest[k] - least[k]};
      else column.width = std::sqrt(column.width / weight[k]);
      if (!(column.width > 0)) column.width = 1;  // a column of one value reads 0
    }
    if (columns_.empty()) columns_.push_back({0, 1});
  }

  std::map<std::string, std::int64_t, std::less<>> sizes() const override {
    return {{"values", static_cast<std::int64_t>(columns_.size())}};
  }

  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    if (cell.texts.size() != columns_.size())
      throw braid::Error(std::to_string(cell.texts.size()) + " columns, fitted were " +
                         std::to_string(columns_.size()));
    for (const auto text : cell.texts)
      if (!text.data()) return false;
    out.resize(columns_.size() * sizeof(float));
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      const auto x = narrow((transformed(cell.texts[k]) - columns_[k].center) / columns_[k].width, cell.texts[k]);
      std::memcpy(out.data() + k * sizeof x, &x, sizeof x);
    }
    return true;
  }

  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    std::memcpy(slot.data, decoded.data(), std::min(decoded.size(), slot.elements * sizeof(float)));
  }

  std::string save() const override {
    std::string out;
    for (const auto& c : columns_) write(out, c.center), write(out, c.width);
    return out;
  }
  void load(std::string_view saved) override {
    const auto numbers = read_numbers(saved);
    if (numbers.empty() || numbers.size() % 2)
      throw braid::Error("a saved number field holds " + std::to_string(numbers.size()) +
                         " numbers; it has two a column");
    columns_.clear();
    for (std::size_t k = 0; k < numbers.size(); k += 2) columns_.push_back({numbers[k], numbers[k + 1]});
  }

 private:
  struct Column {
    double center = 0, width = 0;
  };

  // The number as the graph has it. Throws Error for one that 32 bits do not hold.
  static float narrow(double value, std::string_view text) {
    const auto x = static_cast<float>(value);
    if (std::isfinite(x)) return x;
    std::ostringstream out;
    out << "'" << text << "' is beyond what 32-bit floating point holds, " << std::numeric_limits<float>::max();
    throw braid::Error(out.str());
  }
  // Beyond 32 bits no number counts, whatever the scale: one would make moments infinite, and all others 0.
  double transformed(std::string_view text) const {
    const auto x = number_in(text);
    const auto out = log() ? log1p_of(x) : x;
    narrow(out, text);
    return out;
  }
  bool readable(std::string_view text, double& x) const try {
    x = transformed(text);
    return true;
  } catch (const braid::Error&) {
    return false;
  }

  std::vector<Column> columns_;
};

struct Bucket final : braid::Field {
  static constexpr braid::About about{
      .summary =
          "The quantile bucket of a number: bucket b of B holds the values above the (b-1)/B quantile of the "
          "training rows and up to the b/B one. 0: missing."};
  static constexpr bool fits = true;
  static constexpr std::string_view examples[] = {"3.5", "-0.5", "1e6", "7", "0"};

  braid::Param<std::int64_t> buckets{*this,
                                     "buckets",
                                     10,
                                     "Buckets of about equally many training rows; equal values share one.",
                                     {.low = 1, .high = 1e6, .unit = "buckets"}};
  braid::Out id{*this, "id", "id(buckets + 1)[rows]", "1 for the lowest bucket; 0 where the cell is missing"};

  void fit(const braid::FitRows& rows) override {
    std::vector<std::pair<double, std::int64_t>> values;
    std::int64_t total = 0;
    rows.each([&](const braid::Cell& cell, std::int64_t count) {
      if (count <= 0 || cell.texts.empty() || !cell.texts[0].data()) return;
      try {
        values.emplace_back(number_in(cell.texts[0]), count);
      } catch (const braid::Error&) {
        return;  // decoding names it
      }
      total += count;
    });
    std::sort(values.begin(), values.end());
    edges_.clear();
    double reached = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      reached += static_cast<double>(values[k].second);
      while (edges_.size() + 1 < static_cast<std::size_t>(buckets()) &&
             reached * static_cast<double>(buckets()) >=
                 static_cast<double>(total) * static_cast<double>(edges_.size() + 1))
        edges_.push_back(values[k].first);
    }
  }

  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    if (cell.texts.size() != 1)
      throw braid::Error("a bucket is made of one column, not of " + std::to_string(cell.texts.size()));
    std::int64_t bucket = 0;
    if (cell.texts[0].data())
      bucket = std::lower_bound(edges_.begin(), edges_.end(), number_in(cell.texts[0])) - edges_.begin() + 1;
    out.resize(sizeof bucket);
    std::memcpy(out.data(), &bucket, sizeof bucket);
    return true;
  }

  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    std::memcpy(slot.data, decoded.data(), std::min(decoded.size(), slot.elements * sizeof(std::int64_t)));
  }

  std::string save() const override {
    std::string out;
    for (const auto edge : edges_) write(out, edge);
    return out;
  }
  void load(std::string_view saved) override { edges_ = read_numbers(saved); }

 private:
  std::vector<double> edges_;  // ascending; bucket b ends with edges_[b - 1]
};

}  // namespace

BRAID_PLUGIN_OF("number", "0.1.0") {
  r.component<Number>("number");
  r.component<Bucket>("bucket");
}
