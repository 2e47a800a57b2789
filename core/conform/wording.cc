#include "conform/wording.h"

#include "host/host.h"
#include "sdk/state.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace braid::conform {

std::string counted(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string number_text(double x, int digits) {
  if (std::isnan(x)) return "nan";
  std::ostringstream out;
  out.precision(digits);
  out << x;
  return out.str();
}

std::pair<std::string, std::string> told_apart(double a, double b) {
  int digits = 4;
  while (digits < 17 && number_text(a, digits) == number_text(b, digits)) ++digits;
  return {number_text(a, digits), number_text(b, digits)};
}

std::optional<Apart> farthest(const at::Tensor& got, const at::Tensor& want, double tolerance) {
  const auto a = got.detach().to(at::kDouble).flatten(), b = want.detach().to(at::kDouble).flatten();
  if (a.numel() == 0) return {};
  auto far = (a - b).abs() / (b.abs() + 1);
  far = at::where(a.eq(b), at::zeros_like(far), far).nan_to_num(INFINITY, INFINITY);
  const auto worst = far.argmax().item<std::int64_t>();
  if (far[worst].item<double>() <= tolerance) return {};
  std::string place;
  auto left = worst;
  for (auto k = got.dim(); k-- > 0; left /= got.size(k))
    place = std::to_string(left % got.size(k)) + (place.empty() ? "" : ", ") + place;
  return Apart{"[" + place + "]", a[worst].item<double>(), b[worst].item<double>()};
}

std::string without_context(Diagnostic mistake) {
  mistake.context.clear();
  return mistake.text();
}

std::string thrown() {
  std::string text;
  try {
    throw;
  } catch (const host::Fault& e) {
    return e.diagnostic().message;  // of a constructor
  } catch (const Error& e) {
    text = without_context(e.diagnostic());
  } catch (...) {
    text = said();
  }
  while (text.ends_with('\n')) text.pop_back();
  // LibTorch's words.
  if (text.find("leaf Variable that requires grad") != text.npos && text.find("in-place") != text.npos)
    return "an input or a weight was changed in place: use operations without '_' at their end (sub, not sub_)";
  return text;
}

}  // namespace braid::conform
