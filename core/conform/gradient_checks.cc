// Gradients against differences.
#include "conform/checks.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

namespace braid::conform {
namespace {

// Whether training is another function than evaluation: dropout, batch statistics.
bool training_differs(Trial& t) {
  Instance one(t.test, at::kDouble);
  one.fill();
  const auto still = t.results(one, {false, 3, 1}), moved = t.results(one, {true, 3, 1});
  for (std::size_t k = 0; k < still.size(); ++k)
    if (k >= moved.size() || !at::equal(still[k].second, moved[k].second)) return true;
  return still.size() != moved.size();
}

struct Measured {
  double says = 0, differences = 0, tolerance = 0;
  // How far outside its tolerance; at most 1 is good.
  double off() const {
    const auto distance = std::abs(says - differences);
    return std::isnan(distance) ? INFINITY : distance / std::max(tolerance, 1e-300);
  }
};

// The leaf's numbers moved along `direction`, and what backward `says` of that. Central differences at h and 2h: their
// combination is exact to h^4, their distance bounds the error of both, and what the sum loses by rounding is known
// from its terms.
Measured measure(Trial& t, Instance& one, Instance::Options options, const at::Tensor& leaf,
                 const at::Tensor& direction, double says) {
  const auto x = leaf.detach();
  const auto before = x.clone();
  const auto most = x.numel() ? (x * direction.ne(0)).abs().max().item<double>() : 0.0;
  const auto h = 1e-4 * std::max(1.0, std::isfinite(most) ? most : 1.0);
  double terms = 0;
  const auto value = [&](double shift) {
    x.copy_(before + direction * shift);
    const auto [sum, size] = t.total(one, options);
    terms = std::max(terms, size);
    return sum.defined() ? sum.item<double>() : 0.0;
  };
  const double near = (value(h) - value(-h)) / (2 * h), far = (value(2 * h) - value(-2 * h)) / (4 * h);
  x.copy_(before);
  const double differences = (4 * near - far) / 3;
  return {says, differences, std::abs(near - far) + 64 * 2.2e-16 * (terms + 1) / h + 1e-9 * std::abs(differences)};
}

void gradients(Trial& t, bool training) {
  Instance one(t.test, at::kDouble);
  one.fill();
  const Instance::Options options{training, 3, 1};
  auto all = t.leaves(one);
  Trial::backward(t.total(one, options).first, all);
  const at::NoGradGuard off;
  for (const auto& leaf : all) {
    const auto n = leaf.value.numel();
    if (n == 0) continue;
    const auto exact = Trial::grad_of(leaf).clone();
    const auto there = leaf.mask.defined() ? widened(leaf.mask, leaf.value).expand(leaf.value.sizes()) : at::Tensor();
    auto probes = std::min(n, t.test.elements);
    if (probes == 0) {
      // All at once, each by another amount, together by one: an error anywhere shows. Whether it is one, and where,
      // the elements have to say: where many move, some may step over a kink.
      auto direction = ripple(leaf.value);
      if (there.defined()) direction = direction.masked_fill(there.logical_not(), 0);
      direction = direction / direction.square().sum().sqrt().clamp_min(1e-30);
      if (measure(t, one, options, leaf.value, direction, (exact * direction).sum().item<double>()).off() <= 1)
        continue;
      probes = std::min<std::int64_t>(n, 40);
    }
    Measured worst;
    std::int64_t place = -1;
    for (std::int64_t p = 0; p < probes; ++p) {
      const auto at = p * n / probes;
      if (there.defined() && !there.flatten()[at].item<bool>()) continue;
      const auto direction = at::zeros_like(leaf.value);
      direction.view(-1)[at].fill_(1);
      const auto one_place = measure(t, one, options, leaf.value, direction, exact.flatten()[at].item<double>());
      if (one_place.off() > std::max(1.0, worst.off())) worst = one_place, place = at;
    }
    if (place >= 0)
      t.fail("the gradient of " + leaf.name + (training ? " in training" : "") + ", worst at element " +
             std::to_string(place) + ": backward says " + number_text(worst.says, 10) + ", differences say " +
             number_text(worst.differences, 10) + " +- " + number_text(worst.tolerance, 10));
  }
}

}  // namespace

void check_gradient(Trial& t) {
  gradients(t, false);
  if (t.failures.empty() && training_differs(t)) gradients(t, true);
}

}  // namespace braid::conform
