// Rows for the tests of metrics over scores and labels.
#pragma once

#include <braid/metric.h>

#include <cstdint>
#include <span>
#include <vector>

namespace parts {

// Columns of state by the number of their declaration: what the host would hand to finish().
struct Columns final : braid::Rows {
  std::vector<std::vector<float>> real;
  std::vector<std::vector<std::int64_t>> whole;
  std::size_t size() const override { return real[0].size(); }
  std::span<const float> reals(const braid::State& column) const override { return real[column.index()]; }
  std::span<const std::int64_t> wholes(const braid::State& column) const override { return whole[column.index()]; }
};

}  // namespace parts
