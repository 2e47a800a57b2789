// Instead of LibTorch's header, so that what reads files can be fuzzed under sanitizers, without LibTorch: tensors that
// hold bytes, and nothing that calculates. The SDK's own headers are the real ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace c10 {
enum class ScalarType { Byte, Long, Half, Float, Double, Bool, BFloat16, Undefined };
inline std::size_t elementSize(ScalarType type) {
  constexpr std::size_t of[] = {1, 8, 2, 4, 8, 1, 2};
  if (type == ScalarType::Undefined) throw std::logic_error("a type that is not defined has no size");
  return of[static_cast<std::size_t>(type)];
}
}  // namespace c10

namespace at {

using c10::elementSize;
using c10::ScalarType;
inline constexpr auto kByte = ScalarType::Byte, kLong = ScalarType::Long, kHalf = ScalarType::Half,
                      kFloat = ScalarType::Float, kDouble = ScalarType::Double, kBool = ScalarType::Bool,
                      kBFloat16 = ScalarType::BFloat16;

struct Generator {};

class TensorOptions {
 public:
  TensorOptions dtype(ScalarType type) const {
    auto out = *this;
    out.type_ = type;
    return out;
  }
  ScalarType type() const { return type_; }

 private:
  ScalarType type_ = kFloat;
};

struct Sizes : std::vector<std::int64_t> {
  using std::vector<std::int64_t>::vector;
  std::vector<std::int64_t> vec() const { return *this; }
};

class Tensor {
 public:
  Tensor() = default;
  Tensor(const std::vector<std::int64_t>& sizes, ScalarType type) : sizes_(sizes.begin(), sizes.end()), type_(type) {
    bytes_ = elementSize(type);
    for (const auto s : sizes)
      if (s < 0 || __builtin_mul_overflow(bytes_, static_cast<std::size_t>(s), &bytes_))
        throw std::logic_error("a tensor was asked for that no memory holds");
    data_.reset(std::malloc(bytes_ ? bytes_ : 1), std::free);
    if (!data_) throw std::bad_alloc();
  }
  bool defined() const { return data_ != nullptr; }
  ScalarType scalar_type() const { return type_; }
  const Sizes& sizes() const { return sizes_; }
  std::int64_t dim() const { return static_cast<std::int64_t>(sizes_.size()); }
  std::size_t nbytes() const { return bytes_; }
  const void* const_data_ptr() const { return data_.get(); }
  void* mutable_data_ptr() const { return data_.get(); }
  Tensor detach() const { return *this; }
  Tensor cpu() const { return *this; }
  Tensor contiguous() const { return *this; }

 private:
  Sizes sizes_;
  ScalarType type_ = ScalarType::Undefined;
  std::size_t bytes_ = 0;
  std::shared_ptr<void> data_;
};

}  // namespace at
