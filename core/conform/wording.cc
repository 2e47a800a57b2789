#include "conform/wording.h"

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

std::string without_name(std::string text) {
  // "FILE: error: component 'x' of plugin 'y': its constructor failed: WHY [plugin]\n  fix: ..." is WHY alone here.
  static constexpr std::string_view plugin = "' of plugin '", constructor = "its constructor failed: ";
  if (const auto at = text.find(constructor); at != text.npos && text.find(plugin) < at) {
    text.erase(0, at);
    return text.erase(std::min(text.find(" [plugin]\n"), text.size()));
  }
  if (!text.starts_with("component '")) return text;
  const auto at = text.find("': ", text.find(plugin) + plugin.size());
  return at == text.npos ? text : text.substr(at + 3);
}

std::string thrown() {
  auto text = without_name(said());
  while (text.ends_with('\n')) text.pop_back();
  static constexpr std::string_view node = "node 'node'";  // Instance's
  if (text.starts_with(node))
    if (const auto colon = text.find(": ", node.size()); colon != text.npos) text.erase(0, colon + 2);
  if (text.find("leaf Variable that requires grad") != text.npos && text.find("in-place") != text.npos)
    return "an input or a weight was changed in place: use operations without '_' at their end (sub, not sub_)";
  return text;
}

}  // namespace braid::conform
