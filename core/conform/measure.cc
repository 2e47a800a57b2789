#include "conform/measure.h"

#include "conform/kept.h"
#include "conform/trial.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace braid::conform {

std::vector<std::string> check_batches(const Case& test) {
  std::vector<std::string> out;
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  const at::NoGradGuard off;
  Instance whole(test);
  const auto want = whole.metric();
  const auto rows = Trial::rows_of(whole);
  for (const std::int64_t size : {1, 2, 3}) {
    std::vector<std::vector<at::Tensor>> parts;
    for (std::int64_t from = 0; from < rows; from += size) {
      Instance part(test);
      Trial::cut(part, at::arange(from, std::min(rows, from + size), at::TensorOptions().dtype(at::kLong)));
      part.run();
      parts.resize(part.appended.size());
      for (std::size_t k = 0; k < parts.size(); ++k) parts[k].push_back(part.appended[k]);
    }
    std::vector<at::Tensor> columns;
    for (const auto& p : parts) columns.push_back(at::cat(p));
    const auto got = finished(whole.component(), columns);
    if (!same(got, want))
      out.push_back("in batches of " + std::to_string(size) + " it is " + number_text(got) + ", in one " +
                    number_text(want));
  }
  Instance none(test);
  Trial::cut(none, first_rows(0));
  try {
    const auto number = none.metric();
    if (std::isinf(number)) out.push_back("over no rows it is infinite; NaN says that there is none");
  } catch (...) {
    out.push_back("over no rows it fails: " + thrown());
  }
  return out;
}

std::vector<std::int64_t> cost_rows(const std::string& use, const ComponentSchema& card, const Values& required) {
  constexpr std::int64_t few = 16;
  double bytes = 0;
  for (const auto& [port, wires] : guess_at(use, card, required, few).inputs)
    for (const auto& wire : wires) bytes += static_cast<double>(wire.flow.value.numel()) * sizeof(float);
  std::int64_t most = 1024;
  while (most > few && bytes / few * static_cast<double>(most) > 64.0 * (1 << 20)) most /= 4;
  return {most / 16, most / 4, most};
}

Cost cost_at(const std::string& use, const ComponentSchema& card, const Values& required, std::int64_t rows) {
  const auto test = guess_at(use, card, required, rows);
  const Trial t(test, card);
  Instance one(test, at::kFloat);
  auto all = t.leaves(one);
  Cost out;
  out.rows = rows;
  for (const auto& w : one.component().state().weights) out.parameters += w.value.numel();
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto ms = [](auto time) { return std::chrono::duration<double, std::milli>(time).count(); };
  std::vector<double> forward, backward;
  const auto begin = now();
  for (int call = 0; call < 9 && (call < 3 || ms(now() - begin) < 1500); ++call) {
    const auto before = bytes_in_use();
    const auto start = now();
    const auto outputs = one.run({true, call, 1});
    forward.push_back(ms(now() - start));
    out.bytes = std::max<std::int64_t>(bytes_in_use() - before, 0);
    at::Tensor sum;
    for (const auto& [name, flow] : outputs)
      if (flow.value.requires_grad()) sum = sum.defined() ? sum + flow.value.sum() : flow.value.sum();
    if (!sum.defined()) continue;
    const auto middle = now();
    Trial::backward(sum, all);
    backward.push_back(ms(now() - middle));
  }
  const auto median = [](std::vector<double> x) {
    if (x.empty()) return 0.0;
    std::sort(x.begin(), x.end());
    return x[x.size() / 2];
  };
  out.forward_ms = median(forward);
  out.backward_ms = median(backward);
  return out;
}

}  // namespace braid::conform
