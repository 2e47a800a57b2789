// What the optimizers' golden values are taken on: tools/goldens/optimizer.py says the same in PyTorch.
#pragma once

#include <braid/conform.h>

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

namespace parts {

inline at::Tensor doubles(std::int64_t n, double (*f)(double), double shift = 0) {
  auto t = at::empty({n}, at::TensorOptions().dtype(at::kDouble));
  for (std::int64_t k = 0; k < n; ++k) t.mutable_data_ptr<double>()[k] = f(static_cast<double>(k) + shift);
  return t;
}
inline double sine(double x) { return std::sin(x); }
inline double cosine(double x) { return std::cos(x); }

inline std::vector<double> values_of(const at::Tensor& t) {
  const auto flat = t.contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

// Three steps at rate 0.1 from w_k = sin(k), with g_k(t) = cos(k + t).
inline std::vector<double> three_steps(const std::string& use, const braid::Values& values) {
  braid::conform::OptimizerAtWork one(use, values, doubles(5, sine));
  for (int t = 0; t < 3; ++t) one.step(doubles(5, cosine, t), 0.1);
  return values_of(one.weight);
}

// A table of 4 x 3 whose steps read rows {1, 3, 1}, {3}, {0, 1}; the j-th read gives cos(k + t + j). `touched`: as
// sparse rows, else as a dense gradient.
inline std::vector<double> table_steps(const std::string& use, const braid::Values& values, bool touched) {
  braid::conform::OptimizerAtWork one(use, values, doubles(12, sine).view({4, 3}), true);
  const std::vector<std::vector<std::int64_t>> reads{{1, 3, 1}, {3}, {0, 1}};
  for (std::size_t t = 0; t < reads.size(); ++t) {
    auto dense = at::empty({4, 3}, at::TensorOptions().dtype(at::kDouble)).zero_();
    for (std::size_t j = 0; j < reads[t].size(); ++j)
      dense.select(0, reads[t][j]).add_(doubles(3, cosine, static_cast<double>(t + j)));
    auto rows = reads[t];
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    if (!touched) {
      one.step(dense, 0.1);
      continue;
    }
    auto gradient = at::empty({static_cast<std::int64_t>(rows.size()), 3}, dense.options());
    for (std::size_t r = 0; r < rows.size(); ++r)
      gradient.select(0, static_cast<std::int64_t>(r)).copy_(dense.select(0, rows[r]));
    one.step_rows(rows, gradient, 0.1);
  }
  return values_of(one.weight);
}

inline void equal(const std::vector<double>& have, const std::vector<double>& want) {
  REQUIRE(have.size() == want.size());
  for (std::size_t k = 0; k < want.size(); ++k)
    CHECK(have[k] == doctest::Approx(want[k]).epsilon(1e-8));  // printed to 10 digits
}

}  // namespace parts
