// Gradients against differences.
#include "conform/checks.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>

#include <algorithm>
#include <cmath>
#include <sstream>

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

// Central differences at h and 2h: their combination is exact to h^4, their distance bounds the error of both, and
// what the sum loses by rounding is known from its terms.
Measured measure(Trial& t, Instance& one, Instance::Options options, const at::Tensor& x, std::int64_t at,
                 double says) {
  auto place = x.detach().view(-1)[at];
  const auto before = place.item<double>(), h = 1e-4 * std::max(1.0, std::abs(before));
  double terms = 0;
  const auto value = [&](double shift) {
    place.fill_(before + shift);
    const auto [sum, size] = t.total(one, options);
    terms = std::max(terms, size);
    return sum.defined() ? sum.item<double>() : 0.0;
  };
  const double near = (value(h) - value(-h)) / (2 * h), far = (value(2 * h) - value(-2 * h)) / (4 * h);
  place.fill_(before);
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
    const auto exact = Trial::grad_of(leaf).flatten().clone();
    const auto n = leaf.value.numel(), probes = std::min(n, t.test.elements);
    const auto hidden = leaf.mask.defined()
                            ? widened(leaf.mask, leaf.value).expand(leaf.value.sizes()).logical_not().flatten()
                            : at::Tensor();
    Measured worst;
    std::int64_t place = -1;
    for (std::int64_t p = 0; p < probes; ++p) {
      const auto at = p * n / probes;
      if (hidden.defined() && hidden[at].item<bool>()) continue;
      const auto one_place = measure(t, one, options, leaf.value, at, exact[at].item<double>());
      if (one_place.off() > std::max(1.0, worst.off())) worst = one_place, place = at;
    }
    if (place < 0) continue;
    std::ostringstream out;
    out.precision(10);
    out << "the gradient of " << leaf.name << (training ? " in training" : "") << ", worst at element " << place
        << ": backward says " << worst.says << ", differences say " << worst.differences << " +- " << worst.tolerance;
    t.fail(out.str());
  }
}

}  // namespace

void check_gradient(Trial& t) {
  gradients(t, false);
  if (training_differs(t)) gradients(t, true);
}

}  // namespace braid::conform
